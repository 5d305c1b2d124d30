"""Land files of the raw contract, or files that a mapping describes, in the lake.

Everything is read, typed and counted before anything is published, so that a load that refuses a
file leaves the lake as it was. The caller holds the warehouse's lock: two loads at once, or a load
beside a refresh, could give out one `_landed_at` twice or hide rows behind a later one.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from qualified_leads.contract import Table, load_contract
from qualified_leads.erase.forget import suppress_file
from qualified_leads.errors import UsageError
from qualified_leads.failures import why
from qualified_leads.lake import files as lake_files
from qualified_leads.lake.el_tables import check_not_hidden
from qualified_leads.lake.files import Staged
from qualified_leads.lake.manifest import describe_taken_in
from qualified_leads.load.checks import notes_on, refuse_empty, refuse_unread
from qualified_leads.load.mapping import check_extracted_at, normalise, read_mapping
from qualified_leads.load.plan import Task, plan
from qualified_leads.load.progress import LoadProgress
from qualified_leads.load.records import Integers
from qualified_leads.load.report import FileReport, LoadReport
from qualified_leads.load.rows import RowQuery, known_rows
from qualified_leads.load.source import (
    Opened,
    Session,
    needed_names,
    open_source,
    required_names,
    source_names,
)
from qualified_leads.load.unpack import unpack
from qualified_leads.paths import pattern, project_root, reporting_currency
from qualified_leads.quoting import literal
from qualified_leads.release.publish import WORK_NAME
from qualified_leads.suppression import read_suppression, write_suppression

MEMORY_LIMIT = "2GB"
_UNKNOWN_SHOWN = 10
_REJECTED = pa.schema(
    [
        ("table_name", pa.string()),
        ("file", pa.string()),
        ("line", pa.int64()),
        ("record", pa.string()),
        ("reason", pa.string()),
        ("_loaded_at", pa.timestamp("us")),
        ("_landed_at", pa.timestamp("us")),
    ]
)


@dataclass(frozen=True)
class _Clock:
    """Naive UTC: when the load runs, and the `_landed_at` of all that it lands."""

    now: datetime
    landed_at: datetime


@dataclass
class _Rejects:
    """Rejected records: ascending numbers, the code of each one's reason, and the reasons."""

    numbers: Integers
    codes: Integers
    reasons: list[str]

    def counts(self) -> dict[str, int]:
        counted: Counter[str] = Counter()
        for code, count in zip(*np.unique(self.codes, return_counts=True), strict=True):
            counted[self.reasons[code]] += int(count)
        return dict(counted)


def load_directory(
    source: Path,
    warehouse: Path,
    mapping: Path | None = None,
    console: Console | None = None,
    *,
    now: datetime | None = None,
    extracted_at: str | None = None,
    accepted: Collection[str] = (),
) -> LoadReport:
    """Land the files of `source` in the lake of `warehouse` and report what became of each.

    `mapping` is a mapping file (load_mapping); without one, files and sub-directories are named
    after their tables. A progress bar goes to `console` if that is a terminal. `now` (naive UTC)
    replaces the clock. `extracted_at` says when exports are of for which the mapping does not, in
    its words. `accepted` may hold `unread`, `rejected` and `rejected:<table>` (load_checks).
    Content that was loaded before is reported as known and changes nothing.

    Raises UsageError, with nothing landed, where a file can't be loaded whole, nothing of it is
    left, or data beside it is read by nobody.
    """
    contract = load_contract()
    rules = read_mapping(mapping, contract) if mapping is not None else None
    if extracted_at is not None:
        check_extracted_at(extracted_at)
    planned = plan(source, rules, contract, extracted_at)
    check_not_hidden(warehouse / WORK_NAME, (task.table.name for task in planned.tasks))
    passed = refuse_unread(planned.unread, planned.unreadable, accepted)
    report = LoadReport(warnings=[*planned.warnings, *passed])
    now = now or datetime.now(UTC).replace(tzinfo=None)
    run = None
    try:
        with _stopped_by_the_machine(warehouse):
            lake_files.make_private(lake_files.lake(warehouse))
            lake_files.remove_leftovers(warehouse)
            clock = _Clock(now, lake_files.next_landed_at(warehouse, now))
            with _workspace(warehouse) as workspace, LoadProgress(console) as progress:
                run = _Run(warehouse, workspace, progress, clock, report)
                for task in planned.tasks:
                    run.load(task)
                refuse_empty(report, accepted)
                run.look_at_tables(contract)
            _suppress(warehouse, run)
        # Where this fails some files may have landed; to the next load they are known.
        if unknown := lake_files.publish(warehouse, run.rejects, run.data):
            report.warnings.append(describe_taken_in(unknown))
    finally:
        with suppress(OSError):  # else the next load removes them
            for file in [*run.data, *run.rejects] if run else []:
                file.temporary.unlink(missing_ok=True)
    return report


@contextmanager
def _stopped_by_the_machine(warehouse: Path) -> Iterator[None]:
    """Turn failures of the machine, before anything is published, into a UsageError."""
    try:
        yield
    except (OSError, duckdb.Error, MemoryError, RecursionError, UnicodeError) as error:
        reason = _too_large(error) or why(error, lake_files.lake(warehouse))
        raise UsageError(f"the load stopped: {reason}; nothing landed") from error


def _suppress(warehouse: Path, run: _Run) -> None:
    """Strip what was written of people who were erased, should the source still send them."""
    suppression = read_suppression(warehouse)
    if not suppression:
        return
    known = len(suppression.leads)
    # Leads first, since an id may come along with an address that is on the list.
    files = sorted([*run.data, *run.rejects], key=lambda file: file.final.parent.name != "leads")
    for file in files:
        table = file.final.parent.name
        if suppress_file(file.temporary, table, suppression, project_root() / "seeds"):
            run.report.suppressed += 1
    if len(suppression.leads) > known:
        write_suppression(warehouse, suppression)


@contextmanager
def _workspace(warehouse: Path) -> Iterator[Path]:
    path = warehouse / lake_files.WORKSPACE
    shutil.rmtree(path, ignore_errors=True)
    try:
        yield lake_files.make_private(path)
    finally:
        shutil.rmtree(path, ignore_errors=True)


@dataclass
class _Run:
    """One load in the making: what it has written under temporary names, and its report."""

    warehouse: Path
    workspace: Path
    progress: LoadProgress
    clock: _Clock
    report: LoadReport
    data: list[Staged] = field(default_factory=list)
    rejects: list[Staged] = field(default_factory=list)
    loaded_at_times: dict[str, set[datetime]] = field(default_factory=dict)

    def load(self, task: Task) -> None:
        """Read, type and count one file; write it unless its content is in the lake."""
        before = _fingerprint(task)
        self.progress.start(f"{task.name}: reading", before[0])
        path = unpack(task.content, self.workspace, task.load.decimal)
        content = lake_files.content_hash(path, self.progress.advance)
        # A later export may say what an earlier one said, and another in between did not.
        dated = f"{task.digest} {task.extracted_at}" if task.extracted_at else task.digest
        name = lake_files.key(task.table.name, content, dated)
        final = lake_files.data_path(self.warehouse, task.table.name, name)
        done = FileReport(task.name, task.table.name, path=str(final))
        if final.exists() or any(file.final == final for file in self.data):
            done.is_known = True
            self.report.files.append(done)
        elif self._write(task, path, name, done):
            self.report.files.append(done)
        else:
            self.report.warnings.append(f"{task.name} is empty; nothing of it was loaded")
        if _fingerprint(task) != before:
            raise UsageError(f"{task.name} changed while it was read; nothing landed")

    def _write(self, task: Task, path: Path, name: str, done: FileReport) -> bool:
        """Write data and rejects of a file and fill `done`; false where the file holds nothing."""
        with ExitStack() as stack, _connect(self.workspace) as connection:
            session = Session(connection, self.workspace, self.progress, stack)
            try:
                opened = open_source(task, path, session) if path.stat().st_size else None
            except (duckdb.Error, pa.ArrowException) as error:
                raise _unreadable(task, error) from error
            if opened is None:
                return False
            self.report.warnings += _check_columns(task, opened)
            self.report.notes += [f"{task.name}: {note}" for note in opened.notes]
            final = self._data_path(task, name)
            if task.load.update:
                connection.execute(known_rows(task.table, self._files_of(task.table.name)))
            self.data.append(lake_files.staged(final))
            query = RowQuery(
                opened, task.table, task.load, self._loaded_at(task), self.clock.landed_at
            )
            found = _land(task, query, session, self.data[-1].temporary, done)
            self.report.warnings += [
                *_periods(task, query, session),
                *_points(task, query, session),
            ]
            done.rejected = found.counts()
            if task.load.update and not done.landed:
                # What changes nothing leaves nothing, however often it comes.
                self.data.pop().temporary.unlink()
                done.is_known = not done.rejected
            if len(found.numbers):
                rejects = lake_files.staged(lake_files.rejects_path(self.warehouse, name))
                self.rejects.append(rejects)
                _write_rejects(task, opened, session, self.clock, found, rejects.temporary)
        return True

    def _data_path(self, task: Task, name: str) -> Path:
        """What an update gives follows from the lake as well, so that it may come again."""
        table = task.table.name
        if task.load.update:
            name = lake_files.key(table, name, self.clock.landed_at.isoformat())
        return lake_files.data_path(self.warehouse, table, name)

    def _files_of(self, table: str) -> list[str]:
        landed = (lake_files.lake(self.warehouse) / table).glob("*.parquet")
        written = [file.temporary for file in self.data if file.final.parent.name == table]
        return [pattern(path) for path in [*landed, *written]]

    def _loaded_at(self, task: Task) -> datetime:
        """When an export is of, to the microsecond apart from that of any other of its table."""
        # An update completes rows as they are now, of whenever its list is.
        moment = self.clock.now if task.load.update else task.extracted_at or self.clock.now
        table = task.table.name
        if table not in self.loaded_at_times:
            self.loaded_at_times[table] = lake_files.loaded_at_times(self.warehouse, table)
        while moment in self.loaded_at_times[table]:
            moment += timedelta(microseconds=1)
        self.loaded_at_times[table].add(moment)
        return moment

    def look_at_tables(self, contract: dict[str, Table]) -> None:
        """Say what the rows of all files of a table have in common that somebody should know."""
        for table, files in self.report.tables.items():
            known = {file.path for file in files if file.is_known}
            landed = (lake_files.lake(self.warehouse) / table).glob("*.parquet")
            newest = max(landed, key=lambda path: path.stat().st_mtime_ns, default=None)
            if len(known) == len(files) and newest is not None and str(newest) not in known:
                self.report.notes.append(
                    f"{table}: what came was loaded before, and other files of it since; an export"
                    " that says the same again needs --extracted-at to be newer"
                )
        for name in dict.fromkeys(file.final.parent.name for file in self.data):
            files = [pattern(one.temporary) for one in self.data if one.final.parent.name == name]
            with _connect(self.workspace) as connection:
                found = notes_on(connection, contract[name], files, reporting_currency())
            self.report.warnings += found[0]
            self.report.notes += found[1]


def _fingerprint(task: Task) -> tuple[int, int]:
    try:
        status = task.path.stat()
        with task.path.open("rb"):
            return status.st_size, status.st_mtime_ns
    except OSError as error:
        raise UsageError(f"cannot read {task.name}: {why(error)}; nothing landed") from error


@contextmanager
def _connect(workspace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"set memory_limit = '{MEMORY_LIMIT}'")
        connection.execute("set autoinstall_known_extensions = false")
        connection.execute("set temp_directory = ?", [str(workspace / "spill")])
        yield connection


def _check_columns(task: Task, opened: Opened) -> list[str]:
    """Return warnings about columns that nothing reads.

    Raises UsageError where a column is missing that the contract or the mapping requires.
    """
    if not opened.has_names:
        return []
    present = {normalise(name) for name in opened.names}
    if missing := sorted(required_names(task.load) - present):
        raise UsageError(
            f"{task.name} lacks the column {', '.join(missing)}, which the mapping names; a column"
            " that may be missing is `optional: true`"
        )
    needed = needed_names(task.load, task.table)
    if missing := [c.name for c in task.table.columns if c.name in needed - present]:
        raise UsageError(f"{task.name} lacks the required column {', '.join(missing)}")
    if task.digest:
        return []
    wanted = source_names(task.load, task.table)
    unknown = [
        name.strip() or f"column {place}"
        for place, name in enumerate(opened.names, start=1)
        if normalise(name) not in wanted
    ]
    if not unknown:
        return []
    more = len(unknown) - _UNKNOWN_SHOWN
    shown = ", ".join(unknown[:_UNKNOWN_SHOWN]) + (f" and {more:,} more" if more > 0 else "")
    return [f"{task.name}: unknown columns are ignored: {shown}"]


def _periods(task: Task, query: RowQuery, session: Session) -> list[str]:
    """Return a warning where spend of more than a day is booked on its first."""
    told = []
    for name, counted in query.longer_than_a_day().items():
        (count,) = _row(session.connection.execute(counted))
        if count:
            told.append(
                f"{task.name}: {count:,} {'row is' if count == 1 else 'rows are'} of more than a"
                f" day ({name} is later than spend_date) and booked on the first; a mapping can"
                f" `spread` them over their days"
            )
    return told


def _points(task: Task, query: RowQuery, session: Session) -> list[str]:
    """Return a warning where the point of all amounts that have one may group thousands."""
    told = []
    for name, counted in query.grouped_by_points().items():
        pointed, grouped = _row(session.connection.execute(counted))
        if pointed and pointed == grouped:
            told.append(
                f"{task.name}: three digits follow the point of {name} wherever it has one"
                f" ({pointed:,}): if it groups thousands, say `decimal: ','` in a mapping"
            )
    return told


def _land(
    task: Task, query: RowQuery, session: Session, target: Path, done: FileReport
) -> _Rejects:
    """Write the good rows to `target`, fill the counts of `done`, return the rejects."""
    opened = query.opened
    for attempt, build in enumerate(opened.relations, start=1):
        try:
            query.relation = build()
            found = _read(task, query, session, target, done)
        except duckdb.Error as error:
            if attempt < len(opened.relations):
                continue
            raise _unreadable(task, error) from error
        if found is not None:
            return found
    raise UsageError(
        f"{task.name} holds {opened.rows:,} records, but another number was read; nothing landed"
    )


def _unreadable(task: Task, error: duckdb.Error | pa.ArrowException) -> UsageError:
    """What ended the reading of a file: mostly the file, of which the error may quote a value."""
    damaged = f"it is damaged ({type(error).__name__}); export it again"
    reason = why(error) if isinstance(error, duckdb.IOException) else _too_large(error) or damaged
    return UsageError(f"cannot read {task.name}: {reason}; nothing landed")


def _too_large(error: BaseException) -> str | None:
    is_that = isinstance(error, duckdb.OutOfMemoryException)
    return f"records take more than the {MEMORY_LIMIT} that a load may hold" if is_that else None


def _read(
    task: Task, query: RowQuery, session: Session, target: Path, done: FileReport
) -> _Rejects | None:
    """Read the file once; None where its rows don't add up to the records counted beforehand."""
    opened, progress, connection = query.opened, session.progress, session.connection
    copy = f"copy ({query.rows()}) to {literal(str(target))} (format parquet, use_tmp_file false)"
    (landed,) = _row(progress.execute(connection, copy, f"{task.name}: landing"))
    filtered, rejected, expected = 0, opened.parsed - landed, landed
    if not query.is_one_to_one:
        counts = progress.execute(connection, query.counts(), f"{task.name}: counting")
        total, filtered, rejected, expected = _row(counts)
        if total != opened.parsed:
            return None
    if landed != expected or rejected < 0:
        return None
    found = _find_rejects(task, query, session) if rejected else None
    if rejected != (len(found.numbers) if found else 0):
        return None
    done.rows, done.landed, done.filtered = opened.rows, landed, filtered
    return _with_dropped(found, opened)


def _row(connection: duckdb.DuckDBPyConnection) -> tuple[int, ...]:
    # To the end, as else other work on the connection would be refused.
    rows = connection.fetchall()
    return rows[0] if rows else ()


def _find_rejects(task: Task, query: RowQuery, session: Session) -> _Rejects:
    sql = query.rejects()
    found = session.progress.execute(session.connection, sql, f"{task.name}: rejects").fetchnumpy()
    rows = np.asarray(found["row_number_"], dtype=np.int64)
    codes = np.asarray(found["reason"], dtype=np.int64)
    return _Rejects(query.opened.numbers(rows), codes, query.reasons)


def _with_dropped(found: _Rejects | None, opened: Opened) -> _Rejects:
    """Add the records that the relation never gave."""
    nothing = np.empty(0, dtype=np.int64)
    numbers, codes = ([found.numbers], [found.codes]) if found else ([nothing], [nothing])
    reasons = list(found.reasons) if found else []
    for reason, dropped in opened.dropped.items():
        numbers.append(dropped)
        codes.append(np.full(len(dropped), len(reasons)))
        reasons.append(reason)
    joined = np.concatenate(numbers)
    order = np.argsort(joined, kind="stable")
    return _Rejects(joined[order], np.concatenate(codes)[order], reasons)


def _write_rejects(
    task: Task, opened: Opened, session: Session, clock: _Clock, found: _Rejects, target: Path
) -> None:
    with pq.ParquetWriter(target, _REJECTED) as writer:
        for places, lines, records in opened.fetch(session.connection, found.numbers):
            count = len(records)
            columns = {
                "table_name": [task.table.name] * count,
                "file": [task.name if task.content.member else task.path.name] * count,
                "line": lines,
                "record": records,
                "reason": [found.reasons[code] for code in found.codes[places]],
                "_loaded_at": [clock.now] * count,
                "_landed_at": [clock.landed_at] * count,
            }
            writer.write_table(pa.table(columns, schema=_REJECTED))
