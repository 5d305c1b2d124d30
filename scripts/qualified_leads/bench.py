"""How much the project costs over the least that any engine has to do, as ratios."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from qualified_leads.dbt_run import NodeEvent, build_arguments, run_dbt
from qualified_leads.loader import load_directory
from qualified_leads.lock import warehouse_lock
from qualified_leads.release import WORK_NAME

# The floor: read the lake, join the rules, sum the decayed points of each lead, and sort once per
# lead, which any evaluation of change points in time needs. Identity, fit and stages are left out.
FLOOR = """
with
    events as (
        select
            activities.lead_id,
            activities.occurred_at,
            rules.score_group,
            rules.points * coalesce(
                power(
                    2.0,
                    -epoch($as_of - activities.occurred_at) / 86400 / rules.half_life_days
                ),
                1
            ) as points
        from read_parquet($activities, union_by_name = true) as activities
        inner join
            read_csv($rules, header = true) as rules
            on lower(trim(activities.activity_type)) = rules.activity_type
            and activities.occurred_at >= coalesce(cast(rules.valid_from as timestamp), '-infinity')
            and activities.occurred_at < coalesce(cast(rules.valid_to as timestamp), 'infinity')
        where activities.occurred_at <= $as_of
    ),
    scores as (select lead_id, score_group, sum(points) as score from events group by all),
    running as (
        select
            lead_id,
            sum(points) over (partition by lead_id order by occurred_at) as score
        from events
    )
select
    (select count(*) from events),
    (select sum(score) from scores),
    (select max(score) from running)
"""


@dataclass(frozen=True)
class Measured:
    """Seconds of wall clock and bytes; `seconds_by_node` is dbt's own time per node."""

    load_seconds: float | None
    build_seconds: float
    floor_seconds: float
    event_count: int
    seconds_by_node: dict[str, float]
    peak_memory_bytes: int
    lake_bytes: int
    work_bytes: int

    @property
    def build_over_floor(self) -> float:
        return self.build_seconds / self.floor_seconds

    @property
    def work_over_lake(self) -> float:
        return self.work_bytes / self.lake_bytes


def measure(
    project: Path,
    sample: Path,
    warehouse: Path,
    as_of: datetime,
    on_event: Callable[[NodeEvent], None] = lambda event: None,
) -> Measured:
    """Load the sample where the warehouse has no lake, build it in full, and take the floor.

    Raises UsageError, WarehouseBusyError and DbtFailedError.
    """
    with warehouse_lock(warehouse) as lock_descriptor:
        load_seconds = None
        if not (warehouse / "raw" / "activities").exists():
            started = time.perf_counter()
            load_directory(sample, warehouse)
            load_seconds = time.perf_counter() - started
        (warehouse / WORK_NAME).unlink(missing_ok=True)
        started = time.perf_counter()
        arguments = build_arguments(as_of, full_refresh=True)
        outcome = run_dbt(project, warehouse, arguments, on_event, lock_descriptor)
        build_seconds = time.perf_counter() - started
        floor_seconds, event_count = measure_floor(project, warehouse, as_of)
    return Measured(
        load_seconds,
        build_seconds,
        floor_seconds,
        event_count,
        outcome.seconds_by_node,
        outcome.peak_memory_bytes or 0,
        sum(path.stat().st_size for path in (warehouse / "raw").rglob("*.parquet")),
        (warehouse / WORK_NAME).stat().st_size,
    )


def measure_floor(project: Path, warehouse: Path, as_of: datetime) -> tuple[float, int]:
    """Seconds of the least work and how many events it scored; DuckDB's own choice of threads."""
    with duckdb.connect() as connection:
        connection.execute(f"set temp_directory = '{warehouse / 'tmp'}'")
        started = time.perf_counter()
        row = connection.execute(
            FLOOR,
            {
                "as_of": as_of,
                "activities": str(warehouse / "raw" / "activities" / "*.parquet"),
                "rules": str(project / "seeds" / "activity_rules.csv"),
            },
        ).fetchone()
        seconds = time.perf_counter() - started
    assert row is not None
    return seconds, int(row[0])


def print_measured(measured: Measured, console: Console, slowest: int = 15) -> None:
    """Print the slowest nodes and the ratios."""
    table = Table(title="Slowest nodes", title_justify="left", box=None, pad_edge=False)
    table.add_column("Node")
    table.add_column("Seconds", justify="right")
    table.add_column("of the floor", justify="right")
    by_time = sorted(measured.seconds_by_node.items(), key=lambda item: -item[1])
    for name, seconds in by_time[:slowest]:
        table.add_row(name, f"{seconds:,.2f}", f"{seconds / measured.floor_seconds:.1f}x")
    console.print(table)
    console.print()
    if measured.load_seconds is not None:
        console.print(f"load             {measured.load_seconds:10,.1f} s")
    console.print(f"dbt build        {measured.build_seconds:10,.1f} s")
    console.print(f"floor            {measured.floor_seconds:10,.1f} s")
    console.print(f"build / floor    {measured.build_over_floor:10,.1f}")
    console.print(f"scored events    {measured.event_count:10,}")
    console.print(f"peak RSS of dbt  {measured.peak_memory_bytes / 2**20:10,.0f} MiB")
    console.print(f"lake             {measured.lake_bytes / 2**20:10,.1f} MiB")
    console.print(f"work / lake      {measured.work_over_lake:10,.2f}")
