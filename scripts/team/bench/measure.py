"""What a refresh costs by how much history there is and how much of it is new."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from qualified_leads.load.land import load_directory
from qualified_leads.load.report import LoadReport
from qualified_leads.lock import warehouse_lock
from qualified_leads.refresh.dbt_run import DbtOutcome, NodeEvent, target_directory
from qualified_leads.refresh.job import build
from qualified_leads.refresh.state import Request
from qualified_leads.release.publish import WORK_NAME, linked_release, release
from team.bench.check import differing_tables
from team.bench.floor import Floor, measure_floor
from team.bench.sample import BenchData, fresh_warehouse, lake_bytes

MEMORY_LIMIT = "DUCKDB_MEMORY_LIMIT"  # as in profiles.yml
FULL, DAY, EMPTY, HOUR = "full build", "day's refresh", "nothing new", "an hour later"
AGAIN = "full build again"
AFFECTED = ("delta", "int_leads_affected")
BESIDES = ("attribution", "decisions")  # tags of models that the core does without


@dataclass
class Clock:
    """Moments of one run of dbt, in seconds of `time.perf_counter`."""

    started: float = field(default_factory=time.perf_counter)
    first_node: float | None = None
    last_node: float | None = None

    def on_event(self, event: NodeEvent) -> None:
        now = time.perf_counter()
        if self.first_node is None:
            self.first_node = now
        self.last_node = now


@dataclass(frozen=True)
class Phase:
    """One refresh: seconds of wall clock, and by node those that dbt reports.

    `seconds` is the dbt process from its start to its end; of it `startup_seconds` until the first
    node starts and `end_seconds` after the last one. Loading and the release are not part of it.
    `cpu_seconds` is the processor time of the process, over all its threads. `seconds_besides` is
    what the nodes of each tag of BESIDES took, with the tests of these models.
    """

    name: str
    seconds: float
    startup_seconds: float
    end_seconds: float
    cpu_seconds: float
    seconds_by_node: dict[str, float]
    peak_memory_bytes: int
    work_bytes: int
    loaded_rows: int
    load_seconds: float
    release_seconds: float
    leads_affected: int | None
    seconds_besides: dict[str, float] = field(default_factory=dict)

    @property
    def besides_over_core(self) -> float:
        """What attribution and decisions take over what the rest takes, summed over nodes."""
        besides = sum(self.seconds_besides.values())
        core = self.sum_seconds - besides
        return besides / core if core else 0.0

    @property
    def nodes_seconds(self) -> float:
        """From the first node's start to the last one's end."""
        return self.seconds - self.startup_seconds - self.end_seconds

    @property
    def sum_seconds(self) -> float:
        """What the nodes took one by one; several run at once."""
        return sum(self.seconds_by_node.values())


@dataclass(frozen=True)
class Measured:
    """One size: the floor, each phase in order, and the lake before the day."""

    activities: int
    floor: Floor
    lake_bytes: int
    phases: dict[str, Phase]
    differing_tables: list[str] | None = None  # None: not compared

    def over_floor(self, phase: str) -> float:
        return self.phases[phase].seconds / self.floor.seconds

    def cpu_over_floor(self, phase: str) -> float:
        """The same of processor time, which a busy machine changes less."""
        return self.phases[phase].cpu_seconds / self.floor.cpu_seconds

    def over_core(self, phase: str) -> float:
        """Processor time over that of the core tables written by hand."""
        return self.phases[phase].cpu_seconds / self.floor.core_cpu_seconds

    def over_full_build(self, phase: str) -> float:
        return self.phases[phase].seconds / self.phases[FULL].seconds

    def less_startup(self, phase: str) -> float:
        """Seconds of a phase without dbt's start and end."""
        return self.phases[phase].nodes_seconds

    def over_empty(self, phase: str) -> float:
        """Seconds that a phase takes more than a refresh with nothing new."""
        return self.phases[phase].seconds - self.phases[EMPTY].seconds

    @property
    def work_over_lake(self) -> float:
        return self.phases[FULL].work_bytes / self.lake_bytes


def measure(
    project: Path,
    data: BenchData,
    memory_limit: str | None = None,
    on_phase: Callable[[Phase], None] = lambda phase: None,
    full_only: bool = False,
    check: bool = False,
) -> Measured:
    """Build the history in full, refresh with the day, then twice with nothing, and take the floor.

    `on_phase` is called with each phase as it has ended; with `full_only` there is but the first.
    With `check` a second full build is compared with what the refreshes came to.

    Raises UsageError, WarehouseBusyError, DbtFailedError and ReleaseError.
    """
    fresh_warehouse(data)
    history_bytes = lake_bytes(data.warehouse)
    phases: dict[str, Phase] = {}
    steps = (
        (FULL, data.before, None),
        (DAY, data.after, data.day),
        (EMPTY, data.after, None),
        (HOUR, data.after + timedelta(hours=1), None),
    )
    differing = None
    with _environment(data, memory_limit), warehouse_lock(data.warehouse) as lock_descriptor:
        for name, as_of, source in steps[:1] if full_only else steps:
            phases[name] = _run(project, data.warehouse, name, as_of, source, lock_descriptor)
            on_phase(phases[name])
        if check:
            _, as_of, _ = steps[0] if full_only else steps[-1]
            refreshed = linked_release(data.warehouse)
            phases[AGAIN] = _run(project, data.warehouse, AGAIN, as_of, None, lock_descriptor)
            on_phase(phases[AGAIN])
            built = linked_release(data.warehouse)
            assert refreshed is not None and built is not None
            differing = differing_tables(refreshed, built)
        floor = measure_floor(project, data.loaded, data.before, memory_limit)
    return Measured(data.activities, floor, history_bytes, phases, differing)


def _run(
    project: Path,
    warehouse: Path,
    name: str,
    as_of: datetime,
    source: Path | None,
    lock_descriptor: int,
) -> Phase:
    """Do what a refresh does, and time each part of it."""
    load_started = time.perf_counter()
    report = load_directory(source, warehouse) if source is not None else LoadReport()
    cpu_before = _cpu_seconds()
    clock = Clock()
    is_full = name in (FULL, AGAIN)
    request = Request(as_of, is_asked_for=is_full)
    outcome = build(project, warehouse, request, clock.on_event, lock_descriptor)
    ended = time.perf_counter()
    cpu_seconds = _cpu_seconds() - cpu_before
    if outcome.seconds_by_node:  # else the release before would be made once more
        release(warehouse, as_of)
    released = time.perf_counter()
    return Phase(
        name=name,
        seconds=ended - clock.started,
        startup_seconds=(clock.first_node or ended) - clock.started,
        end_seconds=ended - (clock.last_node or ended),
        cpu_seconds=cpu_seconds,
        seconds_by_node=outcome.seconds_by_node,
        peak_memory_bytes=outcome.peak_memory_bytes or 0,
        work_bytes=(warehouse / WORK_NAME).stat().st_size,
        loaded_rows=report.landed,
        load_seconds=clock.started - load_started,
        release_seconds=released - ended,
        leads_affected=None if is_full else _leads_affected(warehouse / WORK_NAME, outcome),
        seconds_besides=seconds_by_tag(
            target_directory(project) / "manifest.json", outcome.seconds_by_node
        ),
    )


def seconds_by_tag(manifest: Path, seconds_by_node: dict[str, float]) -> dict[str, float]:
    """Sum the seconds of models tagged with each of BESIDES and of tests that read one of them."""
    nodes = json.loads(manifest.read_bytes())["nodes"] if manifest.is_file() else {}
    seconds = dict.fromkeys(BESIDES, 0.0)
    for node in nodes.values():
        read = node["depends_on"].get("nodes", []) if node["resource_type"] == "test" else []
        tags = {tag for name in read for tag in nodes.get(name, {}).get("tags", [])}
        for tag in BESIDES:
            if tag in tags.union(node["tags"]):
                seconds[tag] += seconds_by_node.get(node["name"], 0.0)
                break
    return seconds


def _cpu_seconds() -> float:
    """Processor time of this process and those that have ended, which no other load changes."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _leads_affected(work: Path, outcome: DbtOutcome) -> int | None:
    return count_affected(work) if AFFECTED[1] in outcome.seconds_by_node else 0


def count_affected(work: Path) -> int | None:
    """Rows of the table of leads that the last refresh worked on; None where there is none."""
    with duckdb.connect(str(work), read_only=True) as connection:
        found = connection.execute(
            "select count(*) from duckdb_tables() where schema_name = ? and table_name = ?",
            AFFECTED,
        ).fetchone()
        if not found or not found[0]:
            return None
        row = connection.execute(f"select count(*) from {'.'.join(AFFECTED)}").fetchone()
    return int(row[0]) if row else None


@contextmanager
def _environment(data: BenchData, memory_limit: str | None) -> Iterator[None]:
    """Give each size a target of its own, so that dbt parses again only where a refresh would."""
    changed = {
        "DBT_TARGET_PATH": str(data.directory / "target"),
        "DBT_LOG_PATH": str(data.directory / "logs"),
    }
    if memory_limit is not None:
        changed[MEMORY_LIMIT] = memory_limit
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
