"""Forget a person: nothing of who it was stays in any file of the warehouse, and counts stay.

The order makes a killed erasure safe to repeat. The list of whom to suppress and the mark of an
erasure under way come first; rows of `raw.leads`, from which names and addresses are known, are
rewritten last; the mark goes at the end. A load or refresh that finds the mark finishes the erasure
before it does anything else.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from qualified_leads.contract import REJECTED_ROWS
from qualified_leads.durable import sync, wal_of, write_whole
from qualified_leads.erase.anonymise import Anonymiser, Policy, Row, read_policy
from qualified_leads.erase.exports import ExportLocks, erase_exports
from qualified_leads.erase.person import Key, Person, find_person, is_personal, names_of
from qualified_leads.erase.releases import leave_broken_releases, rewrite_releases
from qualified_leads.erase.rows import Mentions, RowEraser
from qualified_leads.erase.superset import forget_queries
from qualified_leads.errors import UsageError
from qualified_leads.lake.el_tables import el_tables
from qualified_leads.lake.files import TEMPORARY, WORKSPACE, lake, remove_leftovers
from qualified_leads.lake.manifest import forget_unless_changed, take_in
from qualified_leads.paths import pattern
from qualified_leads.quoting import identifier, literal
from qualified_leads.release.publish import RELEASES_NAME, WORK_NAME, linked_release
from qualified_leads.suppression import (
    EMAIL,
    LEAD,
    PSEUDONYM_START,
    Suppression,
    read_suppression,
    write_suppression,
)

MARK_NAME = ".erasing"
_ALSO_TEXT = "also text"
_FIND_COLUMNS = ("lead_id", "merged_into_lead_id", "email", "first_name", "last_name", "phone")


@dataclass
class ErasureReport:
    """Leads that are erased and were not before, rows that change per raw table, who else names
    them, and how many logs went."""

    leads: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    mentions: Mentions = field(default_factory=Mentions)
    files_removed: int = 0


def erase(
    warehouse: Path,
    lead_ids: Iterable[str],
    emails: Iterable[str],
    seeds: Path,
    logs: Iterable[Path],
    *,
    also_text: bool = False,
    dry_run: bool = False,
) -> ErasureReport:
    """Erase whoever has one of these ids or addresses, and all leads that are the same person.

    The caller holds the warehouse's lock. Of `logs`, files that we or dbt wrote, those go that have
    somebody's address or name in them. Whoever is not found is suppressed all the same. `also_text`
    takes the person's names out of other people's texts as well. `dry_run` only counts.

    Raises ExportBusyError where an export is running, and UsageError where a view of an EL tool
    reads people from elsewhere.
    """
    asked = {(LEAD, one) for one in lead_ids} | {(EMAIL, one) for one in emails}
    with ExportLocks() as locks:
        if dry_run:
            _refuse_views(warehouse)
            suppression, policy = read_suppression(warehouse), read_policy(seeds)
            person = _add(warehouse, suppression, asked, policy)
            return _count(warehouse, RowEraser(Anonymiser(suppression, policy, person)))
        locks.take(warehouse)
        if is_unfinished(warehouse):
            _finish(warehouse, seeds, logs, locks)
        _refuse_views(warehouse)
        leave_broken_releases(warehouse)
        suppression = read_suppression(warehouse)
        _add(warehouse, suppression, asked, read_policy(seeds))
        # Before the list: nobody is on it whom the next run would not take out of every file.
        write_whole(warehouse / MARK_NAME, _ALSO_TEXT if also_text else "")
        write_suppression(warehouse, suppression)
        return _finish(warehouse, seeds, logs, locks)


def _refuse_views(warehouse: Path) -> None:
    with duckdb.connect() as connection:
        if not _is_attached(connection, warehouse / WORK_NAME):
            return
        views = [name for name, kind in el_tables(connection).items() if kind == "view"]
    if views:
        raise UsageError(
            f"raw.{views[0]} in {WORK_NAME} is a view of an EL tool, and nobody can be taken out of"
            " what it reads: erase there, drop it, run this, and create it again"
        )


def _add(warehouse: Path, suppression: Suppression, asked: set[Key], policy: Policy) -> Person:
    """Put whoever is asked for on the list, and who is the same person; all who are on it."""
    rows = _lead_rows(warehouse)
    person, keys = find_person(rows, suppression, asked, policy.is_placeholder)
    for kind, text in keys:
        if text.startswith(PSEUDONYM_START):
            continue
        if kind == LEAD:
            is_kept = not is_personal(text, person.names)
            suppression.leads.setdefault(suppression.hash(LEAD, text), is_kept)
        else:
            is_kept = not is_personal(text.rpartition("@")[2], person.names)
            suppression.emails.setdefault(suppression.hash(EMAIL, text), is_kept)
    _note_survivors(warehouse, suppression, person)
    return person


def is_unfinished(warehouse: Path) -> bool:
    """Whether an erasure was killed before it was through."""
    return (warehouse / MARK_NAME).exists()


def refuse_unfinished(warehouse: Path) -> None:
    """Hand out nobody who is being erased. Raises UsageError."""
    if is_unfinished(warehouse):
        raise UsageError(
            f"an erasure in {warehouse} is not through: nothing is handed out before"
            " scripts/refresh.py (or scripts/load.py) has finished it"
        )


def finish(warehouse: Path, seeds: Path, logs: Iterable[Path]) -> ErasureReport:
    """Take everybody on the list out of every file; what is out already is left as it is.

    Raises ExportBusyError where an export is running.
    """
    with ExportLocks() as locks:
        locks.take(warehouse)
        leave_broken_releases(warehouse)
        return _finish(warehouse, seeds, logs, locks)


def _finish(
    warehouse: Path, seeds: Path, logs: Iterable[Path], locks: ExportLocks
) -> ErasureReport:
    mark = warehouse / MARK_NAME
    suppression, policy = read_suppression(warehouse), read_policy(seeds)
    person, _ = find_person(_lead_rows(warehouse), suppression, (), policy.is_placeholder)
    anonymiser = Anonymiser(suppression, policy, person)
    eraser = RowEraser(anonymiser, mark.exists() and mark.read_text() == _ALSO_TEXT)
    report = ErasureReport()
    _remove_scraps(warehouse)
    files = _lake_files(warehouse)
    for path in (path for path in files if path.parent.name != "leads"):
        report.rows[path.parent.name] += _rewrite(path, eraser)
    rewrite_releases(warehouse, anonymiser, eraser.also_text)
    erase_exports(warehouse, anonymiser, locks)
    forget_queries(warehouse)
    report.rows += _rewrite_work(warehouse, eraser)
    report.files_removed = _remove_logs(logs, person.marks)
    for path in (path for path in files if path.parent.name == "leads"):
        report.rows["leads"] += _rewrite(path, eraser)
    take_in(lake(warehouse))
    mark.unlink(missing_ok=True)
    sync(warehouse)
    report.rows = +report.rows
    report.leads, report.mentions = len(eraser.leads), eraser.mentions
    return report


def _count(warehouse: Path, eraser: RowEraser) -> ErasureReport:
    """What an erasure would do, without doing it."""
    report = ErasureReport()
    for path in _lake_files(warehouse):
        with eraser.connect() as connection:
            source = f"read_parquet({literal(pattern(path))}, file_row_number = true)"
            report.rows[path.parent.name] += len(
                eraser.changed(connection, source, path.parent.name)
            )
    with eraser.connect() as connection:
        for table in _landed_tables(connection, warehouse / WORK_NAME):
            report.rows[table] += len(eraser.changed(connection, _landed(table), table))
    report.rows = +report.rows
    report.leads, report.mentions = len(eraser.leads), eraser.mentions
    return report


def suppress_file(path: Path, table: str, suppression: Suppression, seeds: Path) -> bool:
    """Strip a file that a load has written, before it is published; whether that changed it.

    Ids that come with a suppressed address are put on the list.
    """
    policy = read_policy(seeds)
    rows = [] if table == REJECTED_ROWS else _rows_of_erased(path, table, suppression)
    if table == "leads":
        for row in rows:
            is_kept = not is_personal(row["lead_id"], names_of(row))
            suppression.leads.setdefault(suppression.hash(LEAD, row["lead_id"]), is_kept)
    if not rows and table != REJECTED_ROWS:
        return False
    person = Person(rows if table == "leads" else [])
    return bool(_rewrite(path, RowEraser(Anonymiser(suppression, policy, person))))


# who it is


def _note_survivors(warehouse: Path, suppression: Suppression, person: Person) -> None:
    """Write down which leads count as one, by the release that readers see, or the work file."""
    linked = linked_release(warehouse)
    if linked is None or not linked.exists():
        linked = warehouse / WORK_NAME
    with duckdb.connect() as connection:
        if not _is_attached(connection, linked) or not _has_table(
            connection, "marts", "bridge_lead_identity"
        ):
            return
        query = "select lead_id, survivor_lead_id from work.marts.bridge_lead_identity"
        bridge = dict(connection.execute(query).fetchall())
    for row in person.rows:
        lead_id, email = (row["lead_id"] or "").strip(), row["email"] or ""
        if lead_id in bridge:
            survivor = suppression.lead_id(bridge[lead_id])
            suppression.survivors.setdefault(suppression.hash(LEAD, lead_id), survivor)
            if suppression.has_email(email):
                suppression.survivors.setdefault(suppression.hash(EMAIL, email), survivor)


def _lead_rows(warehouse: Path) -> list[Row]:
    sources = [
        f"read_parquet({literal(pattern(p))})" for p in lake(warehouse).glob("leads/*.parquet")
    ]
    rows: list[Row] = []
    with duckdb.connect() as connection:
        if "leads" in _landed_tables(connection, warehouse / WORK_NAME):
            sources.append("work.raw.leads")
        for source in sources:
            present = [row[0] for row in connection.execute(f"describe from {source}").fetchall()]
            chosen = ", ".join(
                f"cast({name if name in present else 'null'} as varchar) as {name}"
                for name in _FIND_COLUMNS
            )
            found = connection.execute(f"select distinct {chosen} from {source}").fetchall()
            rows += [dict(zip(_FIND_COLUMNS, row, strict=True)) for row in found]
    return rows


def _rows_of_erased(path: Path, table: str, suppression: Suppression) -> list[Row]:
    """Rows of a new file that are an erased person's: all of leads, one of another table."""
    eraser = RowEraser(Anonymiser(suppression, Policy()))
    with eraser.connect() as connection:
        source = f"read_parquet({literal(pattern(path))})"
        names = {row[0] for row in connection.execute(f"describe from {source}").fetchall()}
        query = f"select * from {source} where {eraser.is_own(connection, table, names, source)}"
        if table != "leads":
            query += " limit 1"
        return connection.sql(query).to_arrow_table().to_pylist()


# the lake


def _lake_files(warehouse: Path) -> list[Path]:
    return sorted(lake(warehouse).glob("*/*.parquet"))


def _rewrite(path: Path, eraser: RowEraser) -> int:
    """Rewrite a file of the lake without the people in it; the number of rows that changed."""
    source = f"read_parquet({literal(pattern(path))}, file_row_number = true)"
    with eraser.connect() as connection:
        changed = eraser.changed(connection, source, path.parent.name)
        if not len(changed):
            return 0
        connection.register("changed", changed)
        temporary = path.with_name(f"{TEMPORARY}{path.stem}")
        connection.execute(
            f"copy ({_with_changes(source)})"
            f" to {literal(str(temporary))} (format parquet, use_tmp_file false)"
        )
    temporary.chmod(0o600)
    sync(temporary)
    forget_unless_changed(path)
    os.replace(temporary, path)
    sync(path.parent)
    return len(changed)


def _with_changes(source: str) -> str:
    return (
        f"select * exclude (file_row_number) from {source}"
        " where file_row_number not in (select file_row_number from changed)"
        " union all select * exclude (file_row_number) from changed"
    )


# work file, logs


def _landed(table: str) -> str:
    return f"(select *, rowid as file_row_number from work.raw.{identifier(table)})"


def _rewrite_work(warehouse: Path, eraser: RowEraser) -> Counter[str]:
    """Drop the work file, so that the next run builds in full; only what it alone has is kept.

    That is tables that an EL tool landed and the account of runs. Deleting rows in place would
    leave their bytes in the file. Gives the rows that changed per table.
    """
    work, rows = warehouse / WORK_NAME, Counter[str]()
    if not work.exists():
        return rows
    new = warehouse / f".new-{WORK_NAME}"
    with eraser.connect() as connection:
        landed = _landed_tables(connection, work)
        connection.execute(f"attach {literal(str(new))} as new (storage_version 'v1.5.0')")
        for table in landed:
            changed = eraser.changed(connection, _landed(table), table)
            rows[table] += len(changed)
            connection.register("changed", changed)
            connection.execute("create schema if not exists new.raw")
            connection.execute(
                f"create table new.raw.{identifier(table)} as {_with_changes(_landed(table))}"
            )
        if _has_table(connection, "ops", "runs"):
            connection.execute("create schema new.ops")
            connection.execute("create table new.ops.runs as from work.ops.runs")
        connection.execute("checkpoint new")
        connection.execute("detach new")
    assert not wal_of(new).exists(), "closed properly"
    new.chmod(0o600)
    sync(new)
    # First the log: left beside the new file, it would be replayed into that.
    wal_of(work).unlink(missing_ok=True)
    os.replace(new, work)
    sync(warehouse)
    return rows


def _landed_tables(connection: duckdb.DuckDBPyConnection, work: Path) -> list[str]:
    """Tables of schema raw that are no views; attaches the work file as `work` where it is."""
    if not _is_attached(connection, work):
        return []
    found = connection.execute(
        "select table_name from duckdb_tables() "
        "where database_name = 'work' and schema_name = 'raw'"
    ).fetchall()
    return [name for (name,) in found]


def _is_attached(connection: duckdb.DuckDBPyConnection, work: Path) -> bool:
    if not work.exists():
        return False
    attached = connection.execute("select database_name from duckdb_databases()").fetchall()
    if ("work",) not in attached:
        try:
            connection.execute(f"attach {literal(str(work))} as work (read_only)")
        except duckdb.Error:  # nothing can be kept of a file that can't be opened
            return False
    return True


def _has_table(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    query = (
        "select count(*) from duckdb_tables() "
        "where database_name = 'work' and schema_name = ? and table_name = ?"
    )
    return bool((connection.execute(query, [schema, table]).fetchone() or (0,))[0])


def _remove_scraps(warehouse: Path) -> None:
    """Delete what killed runs left under temporary names, which may hold anybody's data."""
    remove_leftovers(warehouse)
    scraps = [*warehouse.glob(".new-*"), *warehouse.glob(f"{RELEASES_NAME}/.new-*")]
    scraps += [*warehouse.glob(f"{WORKSPACE}/**/*"), *warehouse.glob("tmp/*")]
    scraps += [*warehouse.glob(".damaged-*"), *lake(warehouse).glob("*/.damaged-*")]
    for path in scraps:
        if path.is_symlink() or path.is_file():
            path.unlink(missing_ok=True)


def _remove_logs(files: Iterable[Path], marks: Iterable[str]) -> int:
    """Delete the files in which a mark stands; how many."""
    patterns = [re.compile(re.escape(mark).encode(), re.IGNORECASE) for mark in marks]
    removed = 0
    for path in files:
        if any(found.search(path.read_bytes()) for found in patterns):
            path.unlink()
            removed += 1
    return removed
