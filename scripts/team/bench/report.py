"""The benchmark's figures as tables for a person and as JSON for a machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from team.bench.measure import AGAIN, DAY, EMPTY, FULL, HOUR, Measured, Phase
from team.bench.sample import format_size

UNKNOWN = "–"
MEBIBYTE = 2**20

Cell = Callable[[Measured], str]


def print_report(measured: Sequence[Measured], console: Console) -> None:
    """Print a column per size, and ratios between neighbouring sizes."""
    _print_titled(console, "Seconds, and ratios of seconds", size_table(measured))
    if len(measured) > 1:
        _print_titled(console, "Times as long with more history", growth_table(measured))
    for m in measured:
        if m.differing_tables is not None:
            found = ", ".join(m.differing_tables) or "none"
            size = format_size(m.activities)
            console.print(f"\n{size}: tables that differ from a full build: {found}")


def print_nodes(measured: Measured, console: Console, count: int) -> None:
    """Print the slowest nodes of each phase."""
    for phase in measured.phases.values():
        total, number = phase.sum_seconds, len(phase.seconds_by_node)
        each = total / number if number else 0.0
        size = format_size(measured.activities)
        title = f"{phase.name}, {size}: {number} nodes, {total:,.1f} s, {each:.3f} s each"
        _print_titled(console, title, node_table(phase, measured.floor.seconds, count))


def _print_titled(console: Console, title: str, table: Table) -> None:
    # Not the table's own title, which is folded to the table's width.
    console.print(f"\n{title}")
    console.print(table)


def size_table(measured: Sequence[Measured]) -> Table:
    """Seconds and ratios, a column per size."""
    table = _table("", *(format_size(m.activities) for m in measured))
    for label, cell in _size_rows():
        table.add_row(label, *(cell(m) for m in measured))
    for phase in (FULL, DAY, EMPTY, HOUR, AGAIN):
        if any(phase in m.phases for m in measured):
            table.add_row()
            for label, cell in _phase_rows(phase):
                table.add_row(label, *(cell(m) if phase in m.phases else "" for m in measured))
    return table


def _size_rows() -> list[tuple[str, Cell]]:
    return [
        ("floor (least work)", lambda m: f"{m.floor.seconds:,.1f}"),
        ("  processor time", lambda m: f"{m.floor.cpu_seconds:,.1f}"),
        ("core by hand in bare SQL", lambda m: f"{m.floor.core_seconds:,.1f}"),
        ("  processor time", lambda m: f"{m.floor.core_cpu_seconds:,.1f}"),
        ("  events scored", lambda m: f"{m.floor.event_count:,}"),
        ("lake, MiB", lambda m: f"{m.lake_bytes / MEBIBYTE:,.0f}"),
        ("work file / lake", lambda m: f"{m.work_over_lake:,.2f}"),
    ]


def _phase_rows(name: str) -> list[tuple[str, Cell]]:
    def seconds(value: Callable[[Phase], float], digits: int = 1) -> Cell:
        return lambda m: f"{value(m.phases[name]):,.{digits}f}"

    rows: list[tuple[str, Cell]] = [
        (name, seconds(lambda p: p.seconds)),
        ("  / floor", lambda m: f"{m.over_floor(name):,.1f}"),
        ("  / floor, processor time", lambda m: f"{m.cpu_over_floor(name):,.1f}"),
        ("  / core by hand, processor time", lambda m: f"{m.over_core(name):,.1f}"),
        ("  / full build", lambda m: f"1/{1 / m.over_full_build(name):,.1f}"),
        ("  of it dbt's start", seconds(lambda p: p.startup_seconds)),
        ("  of it nodes", seconds(lambda p: p.nodes_seconds)),
        ("  of it dbt's end", seconds(lambda p: p.end_seconds)),
        ("  processor time", seconds(lambda p: p.cpu_seconds)),
        ("  sum over nodes", seconds(lambda p: p.sum_seconds)),
        ("    attribution + decisions / core", seconds(lambda p: p.besides_over_core, 2)),
        ("  peak memory, MiB", seconds(lambda p: p.peak_memory_bytes / MEBIBYTE, 0)),
        ("  release", seconds(lambda p: p.release_seconds)),
        ("  load", seconds(lambda p: p.load_seconds)),
        ("  rows loaded", seconds(lambda p: p.loaded_rows, 0)),
        ("  leads recomputed", lambda m: _count(m.phases[name].leads_affected)),
    ]
    left_out = set() if name == DAY else {"  load", "  rows loaded"}
    if name in (FULL, AGAIN):
        left_out |= {"  / full build", "  leads recomputed"}
    return [row for row in rows if row[0] not in left_out]


def _count(value: int | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def growth_table(measured: Sequence[Measured]) -> Table:
    """How much longer each takes with more history, a column per pair of sizes."""
    pairs = list(pairwise(measured))
    headings = [f"{format_size(b.activities)} / {format_size(a.activities)}" for a, b in pairs]
    table = _table("", *headings)
    for label, value in growth_rows():
        ratios = (growth(value, a, b) for a, b in pairs)
        table.add_row(label, *(UNKNOWN if ratio is None else f"{ratio:,.2f}" for ratio in ratios))
    return table


def growth_rows() -> list[tuple[str, Callable[[Measured], float]]]:
    """What is compared between sizes: a label and seconds."""
    return [
        ("floor", lambda m: m.floor.seconds),
        (FULL, lambda m: m.phases[FULL].seconds),
        (DAY, lambda m: m.phases[DAY].seconds),
        (f"{DAY}, processor time", lambda m: m.phases[DAY].cpu_seconds),
        (f"{DAY} less dbt's start and end", lambda m: m.less_startup(DAY)),
        (f"{DAY} less one with nothing new", lambda m: m.over_empty(DAY)),
        (EMPTY, lambda m: m.phases[EMPTY].seconds),
    ]


def growth(value: Callable[[Measured], float], a: Measured, b: Measured) -> float | None:
    """Return the ratio of b to a; None where one was not measured or is not above zero."""
    try:
        before, after = value(a), value(b)
    except KeyError:
        return None
    return after / before if min(before, after) > 0 else None


def node_table(phase: Phase, floor_seconds: float, count: int) -> Table:
    """The slowest nodes of a phase."""
    table = _table("Node", "Seconds", "Share", "/ floor")
    by_time = sorted(phase.seconds_by_node.items(), key=lambda item: (-item[1], item[0]))
    for name, seconds in by_time[:count]:
        share = seconds / phase.sum_seconds if phase.sum_seconds else 0.0
        table.add_row(name, f"{seconds:,.2f}", f"{share:.1%}", f"{seconds / floor_seconds:.1f}")
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="right" if position else "left")
    return table


def as_json(measured: Sequence[Measured]) -> dict[str, Any]:
    """Return all figures: bytes, seconds and ratios."""
    return {
        "sizes": [_size_json(m) for m in measured],
        "growth": [
            {
                "from": a.activities,
                "to": b.activities,
                **{label: growth(value, a, b) for label, value in growth_rows()},
            }
            for a, b in pairwise(measured)
        ],
    }


def _size_json(m: Measured) -> dict[str, Any]:
    return {
        "activities": m.activities,
        "floor": vars(m.floor),
        "lake_bytes": m.lake_bytes,
        "work_over_lake": m.work_over_lake,
        "differing_tables": m.differing_tables,
        "phases": {
            name: {
                **vars(phase),
                "nodes_seconds": phase.nodes_seconds,
                "sum_seconds": phase.sum_seconds,
                "over_floor": m.over_floor(name),
                "cpu_over_floor": m.cpu_over_floor(name),
                "over_core": m.over_core(name),
                "over_full_build": m.over_full_build(name),
            }
            for name, phase in m.phases.items()
        },
    }


def write_json(measured: Sequence[Measured], path: Path) -> None:
    """Write the figures to a file."""
    path.write_text(json.dumps(as_json(measured), indent=2) + "\n", encoding="utf-8")
