"""Read the policy, `seeds/*.csv`, as people and spreadsheets write it.

All who need a seed read it here: dbt (materialization `seed`, by the SQL function `policy_rows`),
the check before a refresh, and what needs a few rows without a database.

Read as they are meant: line ends of any kind, a byte order mark, `;` or tab between cells, columns
in another order, blank rows, blank cells beyond the last column, `WAHR` and `1`, `0,5`,
`05.01.2026` and `2026-01-05 00:00`. What may mean two things, such as `1/5/2026`, `45000` for a day
or `1,204`, is refused with file, row and column. Rows are counted as a spreadsheet does: the header
is row 1, and a cell of several lines is in one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from qualified_leads.encoding import has_utf16_mark
from qualified_leads.errors import UsageError

Row = dict[str, str | None]
Types = Mapping[str, str]

SAVE_AS = 'save it as "CSV UTF-8"'
DELIMITERS = ",;\t"
TRUE = {"true", "t", "yes", "y", "1", "wahr", "ja", "vrai", "verdadero", "vero", "waar"}
FALSE = {"false", "f", "no", "n", "0", "falsch", "nein", "faux", "falso", "onwaar"}
# The first number that a type has no room for.
TOO_LARGE = {"integer": 2**31, "bigint": 2**63, "decimal": 10**12, "double": 10**300}
FIRST_YEAR = 1900  # an earlier one is a slip of the pen
_NUMBER = re.compile(r"[+-]?([0-9]+([.,][0-9]*)?|[.,][0-9]+)([eE][+-]?[0-9]{1,3})?")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_TIME = r"(?:[ T]([0-9]{1,2}:.*))?"
_ISO = re.compile(rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}}){_TIME}")
_DOTTED = re.compile(rf"([0-9]{{1,2}})[.]([0-9]{{1,2}})[.]([0-9]{{4}}){_TIME}")
# In C, if libyaml is there: the file of the seeds takes Python half a second.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def check_policy(seeds: Path) -> None:
    """Raise UsageError naming file, row and column of the first cell that can't be read."""
    types = _types(seeds)
    for name, path in seed_files(seeds).items():
        if not types.get(name):
            raise UsageError(f"{_shown(path)}: list the column_types of this seed in _seeds.yml")
        _read(path, types[name])


def policy_rows(seeds: Path, name: str) -> list[Row]:
    """Rows of a seed, each cell as text that casts to its type; raises UsageError."""
    path = seed_files(seeds).get(name)
    if path is None:
        raise UsageError(f"seeds/{name}.csv is missing")
    return _read(path, _types(seeds).get(name) or {})


def seed_files(seeds: Path) -> dict[str, Path]:
    """The files of the seeds by name."""
    return {path.stem: path for path in sorted(seeds.rglob("*.csv"))}


def _types(seeds: Path) -> dict[str, dict[str, str]]:
    """Types by seed and column, as the files beside the seeds give them to dbt."""
    found = {}
    for path in sorted(seeds.rglob("*.yml")):
        try:
            document = _document(path.read_text(encoding="utf-8")) or {}
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f" at line {mark.line + 1}" if mark else ""
            raise UsageError(f"seeds/{path.name} is not valid YAML{line}") from None
        for seed in document.get("seeds") or []:
            found[seed["name"]] = (seed.get("config") or {}).get("column_types") or {}
    return found


@cache
def _document(text: str) -> Any:
    return yaml.load(text, _LOADER)


def _read(path: Path, types: Types) -> list[Row]:
    """Rows of a file with these columns; without types its columns are text and its own."""
    rows = _rows(path)
    number, names = next(rows, (1, []))
    where = f"{_shown(path)}, row {number}"
    names = [name.strip() for name in names]
    while names and not names[-1]:
        names.pop()
    _check_header(where, names, types)
    return [_typed(f"{_shown(path)}, row {number}", names, cells, types) for number, cells in rows]


def _check_header(where: str, names: list[str], types: Types) -> None:
    if not any(names):
        raise UsageError(f"{where}: the names of the columns are missing")
    for place, name in enumerate(names, 1):
        if not name:
            raise UsageError(f"{where}, column {place} has no name")
        if name in names[: place - 1]:
            raise UsageError(f"{where}: column {name} is there twice")
        if types and name not in types:
            raise UsageError(f"{where}: no column is called {name!r}; known: {', '.join(types)}")
    if missing := [name for name in types if name not in names]:
        raise UsageError(f"{where}: column {missing[0]} is missing")


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Numbered rows that hold anything."""
    text = _text(path)
    head = next(iter(text.lstrip().splitlines()), "")
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if any(map(str.strip, cells)):
                yield number, cells
    except csv.Error:
        raise UsageError(
            f"{_shown(path)}, row {number + 1}: the quotes do not pair up; a cell with a quote"
            " inside begins and ends with one, and has two for each inside"
        ) from None


def _text(path: Path) -> str:
    content = path.read_bytes()
    if has_utf16_mark(path) or b"\0" in content:
        raise UsageError(f"{_shown(path)} is UTF-16 or no text: {SAVE_AS}")
    return content.decode("utf-8-sig", errors="surrogateescape")


def _typed(where: str, names: list[str], cells: list[str], types: Types) -> Row:
    if len(cells) < len(names) or any(map(str.strip, cells[len(names) :])):
        raise UsageError(
            f"{where} has {len(cells)} cells, and the header {len(names)}; a cell with a"
            " separator in it needs quotes around it, and an empty one keeps its separator"
        )
    row: Row = {}
    for name, cell in zip(names, cells, strict=False):
        try:
            row[name] = _value(cell, types.get(name, "string"))
        except UnicodeError:
            raise UsageError(f"{where}, column {name}: not UTF-8; {SAVE_AS}") from None
        except ValueError as error:
            raise UsageError(f"{where}, column {name}: {cell.strip()[:40]!r} {error}") from None
    return row


def _value(cell: str, data_type: str) -> str | None:
    """The cell as text that casts to the type; raises ValueError, UnicodeError."""
    cell.encode()
    kind = data_type.partition("(")[0].lower()
    value = cell.strip()
    if kind == "boolean":
        return _boolean(value) if value else None
    if kind in ("date", "timestamp"):
        return _moment(value, kind) if value else None
    if kind in TOO_LARGE:
        return _number(value, kind) if value else None
    return cell or None


def _boolean(value: str) -> str:
    if value.lower() not in TRUE | FALSE:
        raise ValueError("is neither true nor false")
    return "true" if value.lower() in TRUE else "false"


def _number(value: str, kind: str) -> str:
    if not _NUMBER.fullmatch(value):
        raise ValueError("is no number; write it as 1204.5")
    if _GROUPED.fullmatch(value):
        raise ValueError("may be one or a thousand; write it as 1204 or 1.204")
    number = Decimal(value.replace(",", "."))
    if abs(number) >= TOO_LARGE[kind]:
        raise ValueError("is too large")
    if kind in ("integer", "bigint"):
        if number != int(number):
            raise ValueError("is no whole number")
        return str(int(number))
    return format(number, "f")


def _moment(value: str, kind: str) -> str:
    day = "2026-01-31"
    unclear = f"is no day for certain; write it as {day}"
    if kind == "timestamp":
        unclear = f"is no time for certain; write it as {day} or {day} 18:30"
    if found := _ISO.fullmatch(value):
        year, month, day, time = found.groups(default="00:00")
    elif found := _DOTTED.fullmatch(value):
        day, month, year, time = found.groups(default="00:00")
    else:
        raise ValueError(unclear)
    clock = f"0{time}" if time[1:2] == ":" else time
    try:
        moment = datetime.fromisoformat(f"{year}-{month:0>2}-{day:0>2} {clock}")
        if moment.tzinfo:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise ValueError(unclear) from None
    if moment.year < FIRST_YEAR or (kind == "date" and moment.time() != datetime.min.time()):
        raise ValueError(unclear)
    return moment.date().isoformat() if kind == "date" else moment.isoformat(" ")


def _shown(path: Path) -> str:
    return f"seeds/{path.name}"
