"""The scheduler's one command: load, build, test, release, and say what came of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import yaml
from rich.console import Console

from qualified_leads import console as show
from qualified_leads.dbt_run import DbtOutcome, NodeEvent, build_arguments, run_dbt
from qualified_leads.errors import UsageError
from qualified_leads.forecast_log import append_forecast
from qualified_leads.load_report import print_report
from qualified_leads.loader import load_directory
from qualified_leads.lock import warehouse_lock
from qualified_leads.paths import project_root
from qualified_leads.policy_state import are_seeds_loaded, note_loaded_seeds, seed_files_hash
from qualified_leads.release import LINK_NAME, WORK_NAME, Release, release

OLDEST_ENGINE = (1, 5, 6)


@dataclass(frozen=True)
class RefreshOptions:
    """What a refresh was asked for; `as_of` is naive UTC, None is the start of the run."""

    source: Path | None = None
    mapping: Path | None = None
    as_of: datetime | None = None
    full_refresh: bool = False
    without_personal_data: bool = False


def parse_as_of(text: str | None) -> datetime | None:
    """A UTC timestamp such as `2026-07-01 00:00:00`; an offset is converted to UTC.

    Raises UsageError.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError("--as-of must be a UTC timestamp such as '2026-07-01 00:00:00'") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def check_engine(version: str = duckdb.__version__) -> None:
    """Refuse a DuckDB that can lose data. Raises UsageError."""
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    if numbers < OLDEST_ENGINE:
        oldest = ".".join(map(str, OLDEST_ENGINE))
        raise UsageError(
            f"DuckDB {version} is too old, {oldest} or later is needed: "
            "1.4 lost committed rows when the disk was full"
        )


def refresh(
    options: RefreshOptions, warehouse: Path, console: Console, project: Path | None = None
) -> Release:
    """Load (where there is a source), build and test, release, and print the outcome.

    Raises UsageError or the loader's errors (nothing changed), WarehouseBusyError, DbtFailedError
    and ReleaseError (nothing released); each has its `exit_status`.
    """
    project = project or project_root()
    check_engine()
    if options.source is not None and not options.source.is_dir():
        raise UsageError(f"{options.source} is not a directory")
    if options.mapping is not None and options.source is None:
        raise UsageError("--mapping needs a directory to load")
    with warehouse_lock(warehouse) as lock_descriptor:
        if options.source is not None:
            _load(options.source, warehouse, options.mapping, console)
        outcome = _build(options, warehouse, console, project, lock_descriptor)
        as_of = options.as_of or outcome.started_at or datetime.now(UTC)
        made = release(warehouse, as_of, without_personal_data=options.without_personal_data)
        append_forecast(warehouse, made.path)
        print_outcome(warehouse, made, console, reporting_currency(project))
    return made


def build(
    project: Path,
    warehouse: Path,
    as_of: datetime | None,
    full_refresh: bool,
    on_event: Callable[[NodeEvent], None],
    lock_descriptor: int,
) -> DbtOutcome:
    """Build and test the work file; the seeds are loaded only where it does not hold them yet.

    Raises DbtFailedError.
    """
    work = warehouse / WORK_NAME
    files_hash = seed_files_hash(project)
    has_seeds = not full_refresh and are_seeds_loaded(work, files_hash)
    arguments = build_arguments(as_of, full_refresh, without_seeds=has_seeds)
    outcome = run_dbt(project, warehouse, arguments, on_event, lock_descriptor)
    if not has_seeds:
        note_loaded_seeds(work, files_hash)
    return outcome


def reporting_currency(project: Path) -> str:
    """The var of that name in dbt_project.yml."""
    settings = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))
    return str(settings.get("vars", {}).get("reporting_currency", ""))


def print_outcome(warehouse: Path, made: Release, console: Console, currency: str) -> None:
    """Print the funnel and costs of the release and the counts of rows that are not in it."""
    with duckdb.connect(str(made.path), read_only=True) as connection:
        sources = show.read_totals(connection)
        quarantined = connection.execute(
            "select table_name, reason, row_count from reports.rpt_quarantine "
            "where row_count > 0 order by all"
        ).fetchall()
    tables = [
        show.funnel_table(sources, currency),
        show.rate_table(sources),
        show.cost_table(sources, currency),
    ]
    rejected = read_rejected(warehouse / WORK_NAME)
    if rejected:
        tables.append(show.reason_table("Rejected at load, all loads", rejected))
    if quarantined:
        tables.append(show.reason_table("Quarantined", quarantined))
    for table in tables:
        console.print()
        console.print(table)
    console.print()
    console.print(describe_scope(warehouse / WORK_NAME))
    console.print(f"Warehouse: {warehouse / LINK_NAME} -> {made.path.name}", soft_wrap=True)


def describe_scope(work: Path) -> str:
    """One line about how much the last build of a work file recomputed, and why if it was all."""
    with duckdb.connect(str(work), read_only=True) as connection:
        is_full, reason = connection.execute(
            "select is_full, reason from ops.refreshes order by refresh_number desc limit 1"
        ).fetchone() or (True, "unknown")
        recomputed, total = connection.execute(
            "select (select count(distinct survivor_lead_id) from intermediate.int_leads_affected),"
            " (select count(*) from intermediate.int_lead_statuses)"
        ).fetchone() or (0, 0)
    if is_full:
        return f"Full refresh: {reason}"
    return f"Recomputed {recomputed:,} of {total:,} leads"


def read_rejected(work: Path) -> list[tuple[str, str, int]]:
    """(table, reason, rows) of the records that could not be landed, over all loads."""
    with duckdb.connect(str(work), read_only=True) as connection:
        return connection.execute(
            "select table_name, reason, count(*) from raw.rejected_rows group by all order by all"
        ).fetchall()


def _load(source: Path, warehouse: Path, mapping: Path | None, console: Console) -> None:
    report = load_directory(source, warehouse, mapping, console)
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print_report(report, console)


def _build(
    options: RefreshOptions, warehouse: Path, console: Console, project: Path, lock_descriptor: int
) -> DbtOutcome:
    with show.build_progress(console) as on_event:
        return build(
            project, warehouse, options.as_of, options.full_refresh, on_event, lock_descriptor
        )
