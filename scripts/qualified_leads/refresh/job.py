"""The scheduler's one command: load, build, test, release, and say what came of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from rich.console import Console

from qualified_leads.engine import check_engine, sweep_spill
from qualified_leads.erase.forget import finish, is_unfinished
from qualified_leads.errors import UsageError
from qualified_leads.failures import told
from qualified_leads.lake.el_tables import check_work_file, hidden_rows
from qualified_leads.lake.files import lake, put_back, set_damaged_aside
from qualified_leads.lake.manifest import (
    Problem,
    describe_problems,
    describe_taken_in,
    find_problems,
    settle,
    take_in,
)
from qualified_leads.load.land import load_directory
from qualified_leads.load.report import print_report
from qualified_leads.load.walk import check_directory
from qualified_leads.lock import warehouse_lock
from qualified_leads.paths import project_root, reporting_currency
from qualified_leads.policy.files import check_policy
from qualified_leads.refresh import screen as show
from qualified_leads.refresh.dbt_run import (
    DbtOutcome,
    NodeEvent,
    build_arguments,
    files_written,
    run_dbt,
)
from qualified_leads.refresh.decision import Nothing
from qualified_leads.refresh.forecast_log import append_forecast
from qualified_leads.refresh.guards import (
    check_accepted,
    check_guards,
    refuse_changed_lake,
    refuse_rejects,
)
from qualified_leads.refresh.json_log import JsonLog
from qualified_leads.refresh.removed_models import drop_removed_models
from qualified_leads.refresh.runs import (
    Run,
    last_refresh,
    note_end,
    note_start,
    open_work,
    set_aside_if_damaged,
    standing_release,
)
from qualified_leads.refresh.state import Place, Request, begin
from qualified_leads.release.publish import (
    LINK_NAME,
    PERSONAL_TABLES,
    WORK_NAME,
    Release,
    is_own,
    linked_release,
    release,
    set_damaged_release_aside,
)
from qualified_leads.version import check_version, project_version

# Outside of them there is no business, and windows of days before or after leave the calendar.
EARLIEST, LATEST = datetime(1970, 1, 1), datetime(2200, 1, 1)


@dataclass(frozen=True)
class RefreshOptions:
    """What a refresh was asked for; `as_of` is naive UTC, None is the start of the run."""

    source: Path | None = None
    mapping: Path | None = None
    as_of: datetime | None = None
    full_refresh: bool = False
    test_all: bool = False
    without_personal_data: bool = False
    accepted: tuple[str, ...] = ()
    extracted_at: str | None = None


def parse_as_of(text: str | None) -> datetime | None:
    """A UTC timestamp such as `2026-07-01 00:00:00`; an offset is converted to UTC.

    Raises UsageError.
    """
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo:
            moment = moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise UsageError("--as-of must be a UTC timestamp such as '2026-07-01 00:00:00'") from None
    if not EARLIEST <= moment < LATEST:
        raise UsageError(f"--as-of must be from {EARLIEST:%Y} on and before {LATEST:%Y}")
    return moment


def refresh(
    options: RefreshOptions,
    warehouse: Path,
    console: Console,
    project: Path | None = None,
    log: JsonLog | None = None,
) -> Release:
    """Load (where there is a source), build and test, release, and print the outcome.

    With a `log` events go there, and nothing to the console. Each run that gets the lock leaves a
    row in `ops.runs`.

    Raises UsageError or the loader's errors (nothing changed), WarehouseBusyError, DbtFailedError,
    GuardError and ReleaseError (nothing released); each has its `exit_status`.
    """
    project = project or project_root()
    check_engine()
    check_accepted(options.accepted)
    check_policy(project / "seeds")
    if options.source is not None:
        check_directory(options.source)
    if options.source is None and (options.mapping or options.extracted_at) is not None:
        option = "--mapping" if options.mapping is not None else "--extracted-at"
        raise UsageError(f"{option} needs a directory to load")
    with warehouse_lock(warehouse) as lock_descriptor:
        check_version(warehouse / WORK_NAME, project)
        _tidy_up(warehouse, project)
        run = Run(project_version=project_version(project))
        note_start(warehouse / WORK_NAME, run)
        job = _Job(options, warehouse, project, lock_descriptor, console, log, run)
        try:
            made, scope = job.do()
            run.outcome, run.exit_status = "released", 0
        except BaseException as error:
            run.message, run.exit_status = told(error)
            run.outcome = "refused" if run.exit_status == UsageError.exit_status else "failed"
            raise
        finally:
            note_end(warehouse / WORK_NAME, run)
            if log is not None:
                log.write("run_ended", run=run.number, outcome=run.outcome, message=run.message)
        if log is None:
            print_outcome(warehouse, made, scope, console, reporting_currency(project))
    return made


def _tidy_up(warehouse: Path, project: Path) -> None:
    """Bring the warehouse into a state to build upon, whatever the run before died of."""
    sweep_spill(warehouse)
    if is_unfinished(warehouse):
        finish(warehouse, project / "seeds", files_written(project))
    damaged = set_aside_if_damaged(warehouse / WORK_NAME)
    if (told := set_damaged_release_aside(warehouse)) is not None:
        print(f"warning: {told}, and a new one is made", file=sys.stderr)
    if damaged is not None:
        told = f"the work file could not be opened; it is now {damaged.name}, and all is rebuilt"
        print(f"warning: {told}", file=sys.stderr)


@dataclass(frozen=True)
class _Job:
    """A refresh under the lock: its steps, and what each leaves in the account of the run."""

    options: RefreshOptions
    warehouse: Path
    project: Path
    lock_descriptor: int
    console: Console
    log: JsonLog | None
    run: Run

    def do(self) -> tuple[Release, str]:
        """Load, build and release; the release, and a line about how much was recomputed."""
        if self.log is not None:
            self.log.write("run_started", run=self.run.number)
        check_work_file(self.warehouse / WORK_NAME)
        damaged = set_damaged_aside(self.warehouse)
        try:
            if self.options.source is not None:
                with self._timed("load"):
                    self._load(self.options.source)
        finally:
            missing = put_back(damaged)
        if missing:
            raise UsageError(
                f"{missing[0]} is damaged ({len(missing)} such files); give the directory of its"
                " source to load it again, or restore it"
            )
        for line in hidden_rows(self.warehouse / WORK_NAME, lake(self.warehouse)):
            self._warn(line)
        changed = self._check_lake()
        with self._timed("build"):
            as_of = self.options.as_of or datetime.now(UTC).replace(tzinfo=None)
            self.run.as_of = as_of
            # What staging has read of such a file it would keep.
            outcome = self._build(as_of, self.options.full_refresh or bool(changed))
        drop_removed_models(self.warehouse / WORK_NAME, self.project)
        self.run.refresh_number = last_refresh(self.warehouse / WORK_NAME)
        # Also where nothing has changed: that a file is missing changes nothing.
        self._guard(as_of)
        made = None if outcome.seconds_by_node else self._standing()
        if made is None:
            with self._timed("release"):
                made = release(
                    self.warehouse,
                    as_of,
                    without_personal_data=self.options.without_personal_data,
                    accepted=self.options.accepted,
                )
                for note in made.notes:
                    self._warn(note)
            append_forecast(self.warehouse, made.path)
        settle(lake(self.warehouse), changed)
        self.run.release = made.path.name
        self.run.row_counts = {".".join(table): rows for table, rows in made.row_counts.items()}
        if self.log is not None:
            self.log.write("released", release=made.path.name, row_counts=self.run.row_counts)
        return made, describe_scope(self.warehouse / WORK_NAME, outcome)

    def _standing(self) -> Release | None:
        """The linked release, if another one would be the same."""
        found = standing_release(self.warehouse / WORK_NAME, self.run)
        linked = linked_release(self.warehouse)
        if found is None or linked is None or linked.name != found[0] or not linked.is_file():
            return None
        schema_and_table = (tuple(name.split(".")) for name in found[1])
        row_counts = dict(zip(schema_and_table, found[1].values(), strict=True))
        has_personal_data = not PERSONAL_TABLES.isdisjoint(row_counts)
        if has_personal_data == self.options.without_personal_data:
            return None
        return Release(linked, row_counts)

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        begun = time.monotonic()
        try:
            yield
        finally:
            self.run.seconds[step] = round(time.monotonic() - begun, 3)

    def _load(self, source: Path) -> None:
        console = self.console if self.log is None else None
        report = load_directory(
            source,
            self.warehouse,
            self.options.mapping,
            console,
            extracted_at=self.options.extracted_at,
            accepted=self.options.accepted,
        )
        self.run.rows_landed = report.landed
        self.run.rows_rejected = sum(report.rejected.values())
        mapping = self.options.mapping
        self.run.source = os.path.abspath(source)
        self.run.mapping = None if mapping is None else os.path.abspath(mapping)
        self.run.loaded_tables = sorted(report.tables)
        if self.log is not None:
            self.log.loaded(report)
        else:
            for warning in report.warnings:
                self._warn(warning)
            print_report(report, self.console)
        refuse_rejects(report, self.project, self.options.accepted)

    def _check_lake(self) -> list[Problem]:
        """The files that are not as they landed, which somebody has accepted."""
        place = lake(self.warehouse)
        if unknown := take_in(place):
            self._warn(describe_taken_in(unknown))
        changed = refuse_changed_lake(find_problems(place), self.project, self.options.accepted)
        if changed:
            self._tell_accepted([f"lake: {describe_problems(changed)}"])
        return changed

    def _warn(self, message: str) -> None:
        if self.log is not None:
            self.log.write("warning", message=message)
        else:
            print(show.printable(f"warning: {message}"), file=sys.stderr)

    def _build(self, as_of: datetime, full_refresh: bool) -> DbtOutcome:
        log = self.log
        request = Request(as_of, is_asked_for=full_refresh, tests_all=self.options.test_all)
        arguments = (self.project, self.warehouse, request)
        if log is not None:
            return build(*arguments, log.node, self.lock_descriptor)
        with show.build_progress(self.console) as on_event:
            return build(*arguments, on_event, self.lock_descriptor)

    def _guard(self, as_of: datetime) -> None:
        arguments = (as_of, self.options.accepted, self.run)
        try:
            accepted = check_guards(self.warehouse / WORK_NAME, self._compared(), *arguments)
        except duckdb.Error:
            told = set_damaged_release_aside(self.warehouse, read_all=True)
            if told is None:
                raise
            self._warn(told)
            accepted = check_guards(self.warehouse / WORK_NAME, self._compared(), *arguments)
        self._tell_accepted(accepted)

    def _compared(self) -> Path | None:
        """The release that guards compare with; a line where the link leads to none."""
        linked = linked_release(self.warehouse)
        if linked is None or (linked.is_file() and is_own(self.warehouse, linked)):
            return linked
        what = "is no release of this warehouse" if linked.exists() else "is missing"
        self._warn(f"guards have no release to compare with: {linked} {what}")
        return None

    def _tell_accepted(self, texts: list[str]) -> None:
        for text in texts:
            if self.log is not None:
                self.log.write("accepted", message=text)
            else:
                print(f"accepted: {text}", file=sys.stderr)


def build(
    project: Path,
    warehouse: Path,
    request: Request,
    on_event: Callable[[NodeEvent], None],
    lock_descriptor: int,
) -> DbtOutcome:
    """Build and test what has changed in the work file; dbt is not started where nothing has.

    Raises DbtFailedError.
    """
    with open_work(warehouse / WORK_NAME) as connection:
        place = Place(connection, project, warehouse)
        number, answer = begin(place, request)
    if answer is None or isinstance(answer, Nothing):
        return DbtOutcome(succeeded=True)
    arguments = build_arguments(request.as_of, answer, number)
    return run_dbt(project, warehouse, arguments, on_event, lock_descriptor)


def print_outcome(
    warehouse: Path, made: Release, scope: str, console: Console, currency: str
) -> None:
    """Print the funnel and costs of the release and the counts of rows that are not in it."""
    with duckdb.connect(str(made.path), read_only=True) as connection:
        sources = show.read_totals(connection)
        quarantined = connection.execute(
            "select table_name, reason, row_count from reports.rpt_quarantine "
            "where row_count > 0 order by all"
        ).fetchall()
        near_misses = connection.execute(
            "select coalesce(sum(near_miss_count), 0) from reports.rpt_quarantine"
        ).fetchall()[0][0]
        unmapped = show.read_unmapped(connection)
    worth_saying = read_parameter(warehouse / WORK_NAME, "unmapped_share")
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
    if near_misses:
        console.print()
        console.print(show.near_miss_line(near_misses), soft_wrap=True)
    console.print()
    if (line := show.unmapped_line(unmapped, worth_saying)) is not None:
        console.print(line, soft_wrap=True)
    console.print(scope)
    console.print(f"Warehouse: {warehouse / LINK_NAME} -> {made.path.name}", soft_wrap=True)


def describe_scope(work: Path, outcome: DbtOutcome) -> str:
    """One line about how much a build recomputed, and why if it was all."""
    if not outcome.seconds_by_node:
        return "Nothing has changed since the last refresh"
    with duckdb.connect(str(work), read_only=True) as connection:
        is_full, reason = connection.execute(
            "select is_full, reason from ops.refreshes order by refresh_number desc limit 1"
        ).fetchone() or (True, "unknown")
        recomputed, total = connection.execute(
            "select (select count(distinct survivor_lead_id) from delta.int_leads_affected"
            " where refresh_number = (select max(refresh_number) from ops.refreshes)),"
            " (select count(*) from intermediate.int_lead_statuses)"
        ).fetchone() or (0, 0)
    if is_full:
        return f"Full refresh: {reason}"
    return f"Recomputed {recomputed:,} of {total:,} leads"


def read_parameter(work: Path, name: str) -> float | None:
    """A number of the seed report_parameters, None where it has no such row."""
    with duckdb.connect(str(work), read_only=True) as connection:
        query = "select max(value) from policy.report_parameters where parameter = ?"
        return (connection.execute(query, [name]).fetchone() or (None,))[0]


def read_rejected(work: Path) -> list[tuple[str, str, int]]:
    """(table, reason, rows) of the records that could not be landed, over all loads."""
    with duckdb.connect(str(work), read_only=True) as connection:
        return connection.execute(
            "select table_name, reason, count(*) from raw.rejected_rows group by all order by all"
        ).fetchall()
