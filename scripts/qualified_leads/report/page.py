"""The page as data: sections with texts, tiles, charts and tables, and how it becomes HTML."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from qualified_leads.report.data import Row
from qualified_leads.report.words import Change, show

FILES = Path(__file__).parent / "files"
VEGA_LITE = "6.4"  # the schema that the pinned Altair writes
LONG = 100  # rows from which on a table is folded away
ARROWS = {"up": "▲ ", "down": "▼ ", "same": "", "unknown": ""}


@dataclass(frozen=True)
class Column:
    """A column of a table: the key in its rows, the heading, and the kind of its values."""

    key: str
    title: str
    kind: str = "count"

    @property
    def is_text(self) -> bool:
        return self.kind in ("text", "yes")


@dataclass(frozen=True)
class Cell:
    """What is shown, and what is sorted by (None: unknown, always last)."""

    text: str
    value: str | None


@dataclass(frozen=True)
class Table:
    id: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None = None

    @property
    def is_long(self) -> bool:
        return len(self.rows) > LONG


@dataclass(frozen=True)
class Chart:
    """A chart with the text that stands for it where it cannot be seen."""

    id: str
    title: str
    label: str
    caption: str
    spec: dict[str, Any]
    is_wide: bool = False


@dataclass(frozen=True)
class Tile:
    name: str
    value: str
    words: str
    before: str
    verdict: str
    arrow: str
    remark: str = ""


@dataclass(frozen=True)
class TileGroup:
    title: str
    headline: Sequence[tuple[str, str]]
    tiles: Sequence[Tile]
    texts: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """A part of the page; `empty` is what is said instead of charts where there is nothing."""

    id: str
    title: str
    texts: Sequence[str] = ()
    tile_groups: Sequence[TileGroup] = ()
    charts: Sequence[Chart] = ()
    tables: Sequence[Table] = ()
    notes: Sequence[str] = ()
    terms: Sequence[tuple[str, str]] = ()
    empty: str = ""


@dataclass(frozen=True)
class Page:
    title: str
    meta: str
    footer: str
    sections: Sequence[Section] = field(default_factory=tuple)


def make_table(
    name: str,
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    currency: str,
    total: Row | None = None,
) -> Table:
    """A table of rows; columns that a row lacks, as a total may, are left empty."""

    def cells(row: Row) -> list[Cell]:
        return [_cell(row, column, currency) for column in columns]

    return Table(name, caption, columns, [cells(r) for r in rows], cells(total) if total else None)


def _cell(row: Row, column: Column, currency: str) -> Cell:
    if column.key not in row:
        return Cell("", None)
    value = row[column.key]
    text = show(value, column.kind, currency)
    if value is None:
        return Cell(text, None)
    if isinstance(value, date):
        return Cell(text, str(value.toordinal()))
    return Cell(text, text if column.is_text else str(value))


def make_tile(change: Change, currency: str, before_name: str) -> Tile:
    """A tile that says in figures and words what moved; chance is said, not coloured."""
    before = f"{before_name}: {show(change.before, change.kind, currency)}"
    value = show(change.now, change.kind, currency)
    remark = "may be chance" if change.is_chance else ""
    arrow = ARROWS[change.direction]
    return Tile(change.name, value, change.words, before, change.verdict, arrow, remark)


def safe_json(value: Any) -> Markup:
    """JSON that ends no script element and begins no comment, whatever the values are."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return Markup(text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e"))


@cache
def library() -> Markup:
    """Vega, Vega-Lite and Vega-Embed as one script that sets `window.drawChart`."""
    script = vl_convert.javascript_bundle("window.drawChart = vegaEmbed;", vl_version=VEGA_LITE)
    # In a string or a comment of the script either would end or hide the element.
    return Markup(script.replace("</script", "<\\/script").replace("<!--", "<\\!--"))


def content_policy(scripts: Sequence[str], style: str) -> str:
    """A Content-Security-Policy that lets run what is in the page by its hash, and nothing else."""
    runs = " ".join(_hash(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {runs}; style-src {_hash(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def render(page: Page) -> str:
    """One HTML text that needs no other file and no network."""
    environment = Environment(
        loader=FileSystemLoader(FILES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    css, script = (
        Markup((FILES / name).read_text(encoding="utf-8")) for name in ("report.css", "report.js")
    )
    specs = {chart.id: chart.spec for section in page.sections for chart in section.charts}
    return environment.get_template("report.html.j2").render(
        page=page,
        css=css,
        library=library(),
        script=script,
        specs=safe_json(specs),
        policy=content_policy([library(), script], css),
    )
