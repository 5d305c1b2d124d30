"""The benchmark's figures as tables for a person and as JSON for a machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from qualified_leads.bench import DAY, EMPTY, FULL, HOUR, Measured, Phase
from qualified_leads.bench_sample import format_size

UNKNOWN = "–"
MEBIBYTE = 2**20

Cell = Callable[[Measured], str]


def print_report(measured: Sequence[Measured], console: Console) -> None:
    """Print a column per size, and ratios between neighbouring sizes."""
    _print_titled(console, "Seconds, and ratios of seconds", size_table(measured))
    if len(measured) > 1:
        _print_titled(console, "Times as long with more history", growth_table(measured))


def print_nodes(measured: Measured, console: Console, count: int) -> None:
    """Print the slowest nodes of each phase."""
    for phase in measured.phases.values():
        total, number = phase.sum_seconds, len(phase.seconds_by_node)
        each = total / number if number else 0.0
        size = format_size(measured.activities)
        title = f"{phase.name}, {size}: {number} nodes, {total:,.1f} s, {each:.3f} s each"
        _print_titled(console, title, node_table(phase, measured.floor_seconds, count))


def _print_titled(console: Console, title: str, table: Table) -> None:
    # Not the table's own title, which is folded to the table's width.
    console.print(f"\n{title}")
    console.print(table)


def size_table(measured: Sequence[Measured]) -> Table:
    """Seconds and ratios, a column per size."""
    table = _table("", *(format_size(m.activities) for m in measured))
    for label, cell in _rows():
        table.add_row(label, *(cell(m) for m in measured))
    return table


def _rows() -> list[tuple[str, Cell]]:
    rows: list[tuple[str, Cell]] = [
        ("floor (bare SQL)", lambda m: f"{m.floor_seconds:,.1f}"),
        ("scored events", lambda m: f"{m.event_count:,}"),
        ("rows of the day", lambda m: f"{m.phases[DAY].loaded_rows:,}"),
        ("lake, MiB", lambda m: f"{m.lake_bytes / MEBIBYTE:,.0f}"),
        ("work file / lake", lambda m: f"{m.work_over_lake:,.2f}"),
    ]
    for name in (FULL, DAY, EMPTY, HOUR):
        rows += [("", lambda m: ""), (name, _seconds(name, lambda p: p.seconds))]
        rows.append(("  / floor", lambda m, name=name: f"{m.over_floor(name):,.1f}"))
        if name != FULL:
            rows.append(("  / full build", _part_of_full(name)))
        rows += [
            ("  of it dbt's start", _seconds(name, lambda p: p.startup_seconds)),
            ("  of it nodes", _seconds(name, lambda p: p.nodes_seconds)),
            ("  of it dbt's end", _seconds(name, lambda p: p.end_seconds)),
            ("  processor time", _seconds(name, lambda p: p.cpu_seconds)),
            ("  sum over nodes", _seconds(name, lambda p: p.sum_seconds)),
            ("  peak memory, MiB", _seconds(name, lambda p: p.peak_memory_bytes / MEBIBYTE, 0)),
            ("  release", _seconds(name, lambda p: p.release_seconds)),
        ]
        if name == DAY:
            rows.append(("  load", _seconds(name, lambda p: p.load_seconds)))
        if name != FULL:
            rows.append(("  leads recomputed", _affected(name)))
    return rows


def _seconds(name: str, value: Callable[[Phase], float], digits: int = 1) -> Cell:
    return lambda m: f"{value(m.phases[name]):,.{digits}f}"


def _part_of_full(name: str) -> Cell:
    return lambda m: f"1/{1 / m.over_full_build(name):,.1f}"


def _affected(name: str) -> Cell:
    def cell(m: Measured) -> str:
        count = m.phases[name].leads_affected
        return UNKNOWN if count is None else f"{count:,}"

    return cell


def growth_table(measured: Sequence[Measured]) -> Table:
    """How much longer each takes with more history, a column per pair of sizes."""
    pairs = list(zip(measured, measured[1:], strict=False))
    headings = [f"{format_size(b.activities)} / {format_size(a.activities)}" for a, b in pairs]
    table = _table("", *headings)
    for label, value in growth_rows():
        table.add_row(
            label, *(f"{value(b) / value(a):,.2f}" if value(a) > 0 else UNKNOWN for a, b in pairs)
        )
    return table


def growth_rows() -> list[tuple[str, Callable[[Measured], float]]]:
    """What is compared between sizes: a label and seconds."""
    return [
        ("floor", lambda m: m.floor_seconds),
        ("full build", lambda m: m.phases[FULL].seconds),
        ("day's refresh", lambda m: m.phases[DAY].seconds),
        ("day's refresh, processor time", lambda m: m.phases[DAY].cpu_seconds),
        ("day's refresh less dbt's start and end", lambda m: m.less_startup(DAY)),
        ("day's refresh less one with nothing new", lambda m: m.over_empty(DAY)),
        ("nothing new", lambda m: m.phases[EMPTY].seconds),
    ]


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
    pairs = list(zip(measured, measured[1:], strict=False))
    return {
        "sizes": [_size_json(m) for m in measured],
        "growth": [
            {
                "from": a.activities,
                "to": b.activities,
                **{
                    label: value(b) / value(a) if value(a) > 0 else None
                    for label, value in growth_rows()
                },
            }
            for a, b in pairs
        ],
    }


def _size_json(m: Measured) -> dict[str, Any]:
    return {
        "activities": m.activities,
        "floor_seconds": m.floor_seconds,
        "event_count": m.event_count,
        "lake_bytes": m.lake_bytes,
        "work_over_lake": m.work_over_lake,
        "phases": {
            name: {
                **vars(phase),
                "nodes_seconds": phase.nodes_seconds,
                "sum_seconds": phase.sum_seconds,
                "over_floor": m.over_floor(name),
                "over_full_build": m.over_full_build(name),
            }
            for name, phase in m.phases.items()
        },
    }


def write_json(measured: Sequence[Measured], path: Path) -> None:
    """Write the figures to a file."""
    path.write_text(json.dumps(as_json(measured), indent=2) + "\n", encoding="utf-8")
