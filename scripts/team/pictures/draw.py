"""The pictures of the README: the report as it looks, and every model in its layer."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from qualified_leads.durable import write_whole
from qualified_leads.errors import UsageError
from team.pictures.browser import chromium, find_chromium

# From left to right in the project, from top to bottom in the picture.
LANES = (
    "sources",
    "seeds",
    "staging/raw",
    "intermediate/policy",
    "intermediate/identity",
    "intermediate/fit",
    "intermediate/engagement",
    "intermediate/lifecycle",
    "intermediate/attribution",
    "intermediate/accounting",
    "marts",
    "marts by subject",
    "intermediate by subject",
    "reports",
    "reports by subject",
)
# Folders of what a team decides with, the same in each layer, which share a lane.
SUBJECTS = {
    "budget",
    "data_quality",
    "experiments",
    "feedback",
    "forecast",
    "goals",
    "nurture",
    "personas",
    "sales_desk",
    "scenarios",
}
SCREEN = {"width": 1180, "height": 1010}
WIDTH, LEFT, RIGHT = 1000, 205, 20  # pixels
STEP, GAP = 11, 12  # pixels between dots, and between lanes
STYLE = """
  svg { font: 13px system-ui, sans-serif; }
  .ground { fill: #fff; } text { fill: #17202b; } .count { fill: #505d6e; }
  .lane { fill: #f1f4f8; } path { fill: none; stroke: #1f6fb5; stroke-opacity: .18; }
  circle { fill: #1f6fb5; } .public { fill: #c2410c; } .input { fill: #64748b; }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117; } text { fill: #e9edf3; } .count { fill: #a9b4c3; }
    .lane { fill: #1a2029; } path { stroke: #6db3f2; stroke-opacity: .2; }
    circle { fill: #6db3f2; } .public { fill: #fb923c; } .input { fill: #94a3b8; }
  }
"""


@dataclass(frozen=True)
class Node:
    """A model, seed or source: its lane, and what it reads."""

    id: str
    name: str
    lane: str
    parents: tuple[str, ...]


def read_nodes(manifest: Path) -> dict[str, Node]:
    """Models, seeds and sources of a dbt manifest by their id. Raises UsageError."""
    if not manifest.is_file():
        raise UsageError(f"there is no {manifest}; run dbt parse first")
    content = json.loads(manifest.read_text(encoding="utf-8"))
    found = [n for n in content["nodes"].values() if n["resource_type"] in ("model", "seed")]
    found += content["sources"].values()
    ids = {node["unique_id"] for node in found}
    return {node["unique_id"]: _node(node, ids) for node in found}


def _node(content: Mapping[str, Any], ids: set[str]) -> Node:
    parents = content.get("depends_on", {}).get("nodes", [])
    kind = content["resource_type"]
    lane = f"{kind}s"
    if kind == "model":
        layer, *folders = content["fqn"][1:-1]
        is_subject = bool(folders) and folders[0] in SUBJECTS
        lane = f"{layer} by subject" if is_subject else "/".join([layer, *folders])
    known = tuple(parent for parent in parents if parent in ids)
    return Node(content["unique_id"], content["name"], lane, known)


def depths(nodes: Mapping[str, Node]) -> dict[str, int]:
    """The longest way from an input to each node."""
    found: dict[str, int] = {}

    def depth(key: str) -> int:
        if key not in found:
            found[key] = max((depth(parent) + 1 for parent in nodes[key].parents), default=0)
        return found[key]

    for key in nodes:
        depth(key)
    return found


def lanes_of(nodes: Iterable[Node]) -> list[str]:
    """The lanes in their order; folders that are new come after those that are known."""
    found = {node.lane for node in nodes}
    return [lane for lane in LANES if lane in found] + sorted(found - set(LANES))


def draw_models(nodes: Mapping[str, Node]) -> str:
    """An SVG with a lane for each folder, a dot for each node, and a curve for each reference."""
    depth = depths(nodes)
    last = max(depth.values(), default=0) or 1
    places: dict[str, tuple[float, float]] = {}
    lanes: list[str] = []
    top = GAP
    for lane in lanes_of(nodes.values()):
        columns: dict[int, list[str]] = defaultdict(list)
        members = sorted(key for key, node in nodes.items() if node.lane == lane)
        if lane in ("sources", "seeds"):
            # All of depth 0: side by side, else they would be a tower.
            spread = {key: n // 2 for n, key in enumerate(members)}
        else:
            spread = {key: depth[key] for key in members}
        for key in members:
            columns[spread[key]].append(key)
        height = max(30, STEP * (max(map(len, columns.values())) + 1))
        for column, keys in columns.items():
            x = LEFT + (WIDTH - LEFT - RIGHT) * (column + 0.5) / (last + 1)
            start = top + height / 2 - STEP * (len(keys) - 1) / 2
            places |= {key: (x, start + STEP * row) for row, key in enumerate(keys)}
        lanes.append(_lane(lane, top, height, len(members)))
        top += height + GAP
    curves = [
        _curve(places[parent], places[key])
        for key in sorted(nodes)
        for parent in nodes[key].parents
    ]
    dots = [_dot(nodes[key], *places[key]) for key in sorted(nodes)]
    return _svg(top, len(nodes), [*lanes, *curves, *dots])


def _lane(name: str, top: float, height: float, count: int) -> str:
    return (
        f'<rect class="lane" x="8" y="{top:g}" width="{WIDTH - 16}" height="{height:g}" rx="6"/>'
        f'<text x="18" y="{top + height / 2 + 4.5:g}">{escape(name)} '
        f'<tspan class="count">{count}</tspan></text>'
    )


def _curve(start: tuple[float, float], end: tuple[float, float]) -> str:
    (x, y), (to_x, to_y) = start, end
    middle = (y + to_y) / 2 if abs(to_x - x) < 2 * STEP else y
    bend = f"{x:.0f} {middle:.0f} {to_x:.0f} {y:.0f}"
    return f'<path d="M{x:.0f} {y:.0f}C{bend} {to_x:.0f} {to_y:.0f}"/>'


def _dot(node: Node, x: float, y: float) -> str:
    kind = {"marts": "public", "reports": "public", "sources": "input", "seeds": "input"}
    name = kind.get(re.split("[/ ]", node.lane)[0], "inner")
    title = f"<title>{escape(node.name)}</title>"
    return f'<circle class="{name}" cx="{x:.0f}" cy="{y:.0f}" r="3.6">{title}</circle>'


def _svg(height: float, count: int, parts: Sequence[str]) -> str:
    title = (
        f"{count} sources, seeds and models by folder; a model is to the right of the models that "
        "it reads"
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" '
            f'width="{WIDTH}" height="{height:g}" role="img" aria-label="{title}">',
            f"<title>{title}</title>",
            f"<style>{STYLE}</style>",
            f'<rect class="ground" width="{WIDTH}" height="{height:g}"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def take_screenshot(report: Path, target: Path) -> None:
    """The top of a report as a PNG. Raises UsageError where no chromium is installed."""
    path = find_chromium()
    if path is None:
        raise UsageError("no chromium is installed (apt-get install chromium)")
    with chromium(path) as browser:
        page = browser.new_page(viewport=SCREEN, color_scheme="light")
        page.goto(report.as_uri())
        page.wait_for_selector("html[data-charts=drawn]")
        page.screenshot(path=target)


def make_pictures(manifest: Path, report: Path, directory: Path) -> list[Path]:
    """Write `models.svg` and `report.png`; returns them. Raises UsageError."""
    directory.mkdir(parents=True, exist_ok=True)
    models, screenshot = directory / "models.svg", directory / "report.png"
    write_whole(models, draw_models(read_nodes(manifest)))
    take_screenshot(report, screenshot)
    return [models, screenshot]
