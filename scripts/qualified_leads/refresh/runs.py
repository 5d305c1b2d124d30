"""The account of refreshes: a row per run in `ops.runs` of the work file, failed ones too."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from qualified_leads.errors import UsageError
from qualified_leads.failures import is_broken, why
from qualified_leads.version import FORMAT_VERSION

RUNNING, DIED = "running", "died"
CREATE = """
    create schema if not exists ops;
    create table if not exists ops.runs (
        run_number bigint,
        started_at timestamp,
        ended_at timestamp,
        outcome varchar, -- running, released, failed, refused, died
        exit_status integer,
        message varchar, -- the line on standard error
        as_of timestamp,
        load_seconds double,
        build_seconds double,
        release_seconds double,
        rows_landed bigint,
        rows_rejected bigint,
        release varchar, -- name of its file
        row_counts json, -- rows of each table of the release
        refresh_number bigint, -- of the build in ops.refreshes that was released
        source varchar, -- directory that was loaded, and the mapping by which
        mapping varchar,
        loaded_tables json, -- of which the source had files, known ones included
        project_version varchar, -- of the code that ran, and of what it writes (version.py)
        format_version integer
    );
    alter table ops.runs add column if not exists refresh_number bigint;
    alter table ops.runs add column if not exists source varchar;
    alter table ops.runs add column if not exists mapping varchar;
    alter table ops.runs add column if not exists loaded_tables json;
    alter table ops.runs add column if not exists project_version varchar;
    alter table ops.runs add column if not exists format_version integer;
"""
# The run before, if it released what the last plan found unchanged.
STANDING = """
    select runs.release, runs.row_counts
    from ops.runs as runs
    inner join ops.refreshes as planned on runs.refresh_number = planned.complete_number
    where
        runs.run_number = ? - 1
        and runs.outcome = 'released'
        and planned.is_complete
        and planned.refresh_number = (select max(refresh_number) from ops.refreshes)
"""


@dataclass
class Run:
    """What is known of a run so far; times are naive UTC, durations seconds."""

    started_at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(tzinfo=None))
    number: int = 0
    outcome: str = RUNNING
    exit_status: int | None = None
    message: str | None = None
    as_of: datetime | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    rows_landed: int = 0
    rows_rejected: int = 0
    release: str | None = None
    row_counts: dict[str, int] = field(default_factory=dict)
    refresh_number: int | None = None
    source: str | None = None
    mapping: str | None = None
    loaded_tables: list[str] = field(default_factory=list)
    project_version: str | None = None


def open_work(work: Path) -> duckdb.DuckDBPyConnection:
    """Connect to the work file as dbt makes it; it is created where it is not there."""
    work.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = duckdb.connect(str(work), config={"storage_compatibility_version": "v1.5.0"})
    os.chmod(work, 0o600)
    connection.execute("set timezone = 'UTC'")
    return connection


def set_aside_if_damaged(work: Path) -> Path | None:
    """Rename a work file that can't be opened, so that the run builds a new one; its new name.

    Only what is broken for good is set aside: tables of EL tools are nowhere else.

    Raises UsageError where it can't be opened for another reason, such as a program that has it
    open, a full disk or an engine that is too old for it.
    """
    if not work.exists():
        # A log without its file would be replayed into the next file of that name.
        work.with_name(f"{work.name}.wal").unlink(missing_ok=True)
        return None
    try:
        with open_work(work) as connection:
            connection.execute("select count(*) from duckdb_tables()").fetchall()
    except (duckdb.Error, OSError) as error:
        text = str(error)
        if "Could not set lock" in text:
            raise UsageError(f"{work} is open in another program; close it there") from None
        if not is_broken(error):
            raise UsageError(f"can't open {why(error, work)}; nothing changed") from None
        aside = work.with_name(f".damaged-{work.name}")
        work.with_name(f"{work.name}.wal").unlink(missing_ok=True)
        os.replace(work, aside)
        return aside
    return None


def note_start(work: Path, run: Run) -> None:
    """Write down that a run has begun; one that never ended has died."""
    # An account that can't be written, on a full disk say, is no reason not to try.
    with suppress(duckdb.Error, OSError), open_work(work) as connection:
        connection.execute(CREATE)
        connection.execute(
            "update ops.runs set outcome = ? where outcome = ?", [DIED, RUNNING]
        ).fetchall()
        found = connection.execute("select coalesce(max(run_number), 0) + 1 from ops.runs")
        (run.number,) = found.fetchone() or (1,)
        _insert(connection, run)


def note_end(work: Path, run: Run) -> None:
    """Complete the row of a run; it is written again where a build lost it."""
    with suppress(duckdb.Error, OSError), open_work(work) as connection:
        connection.execute(CREATE)
        connection.execute("begin")
        connection.execute("delete from ops.runs where run_number = ?", [run.number])
        _insert(connection, run)
        connection.execute("commit")


def last_refresh(work: Path) -> int | None:
    """Number of the last row of ops.refreshes."""
    with duckdb.connect(str(work), read_only=True) as connection:
        row = connection.execute("select max(refresh_number) from ops.refreshes").fetchone()
    return row[0] if row else None


def standing_release(work: Path, run: Run) -> tuple[str, dict[str, int]] | None:
    """File name and row counts of the run before, if its release is what the work file holds.

    To ask after a build that found nothing changed.
    """
    with duckdb.connect(str(work), read_only=True) as connection:
        row = connection.execute(STANDING, [run.number]).fetchone()
    return (row[0], json.loads(row[1])) if row else None


def _insert(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    is_running = run.outcome == RUNNING
    connection.execute(
        f"insert into ops.runs values ({', '.join('?' * 20)})",
        [
            run.number,
            run.started_at,
            None if is_running else datetime.now(UTC).replace(tzinfo=None),
            run.outcome,
            run.exit_status,
            run.message,
            run.as_of,
            *(run.seconds.get(step) for step in ("load", "build", "release")),
            run.rows_landed,
            run.rows_rejected,
            run.release,
            json.dumps(run.row_counts, sort_keys=True),
            run.refresh_number,
            run.source,
            run.mapping,
            json.dumps(sorted(run.loaded_tables)),
            run.project_version,
            FORMAT_VERSION,
        ],
    )
