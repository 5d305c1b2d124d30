"""Forget a person: nothing of who it was stays in any file of the warehouse, and counts stay.

The order makes a killed erasure safe to repeat. The list of whom to suppress and the mark of an
erasure under way come first; rows of `raw.leads`, from which names and addresses are known, are
rewritten last; the mark goes at the end. A load or refresh that finds the mark finishes the erasure
before it does anything else.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from qualified_leads.anonymise import (
    LEAD_COLUMNS,
    Anonymiser,
    Policy,
    Row,
    is_personal,
    names_of,
    needles_of,
    read_policy,
)
from qualified_leads.contract import REJECTED_ROWS
from qualified_leads.durable import sync, wal_of
from qualified_leads.el_tables import el_tables
from qualified_leads.erase_exports import ExportLocks, erase_exports
from qualified_leads.erase_superset import forget_queries
from qualified_leads.errors import UsageError
from qualified_leads.lake_manifest import forget_unless_changed, take_in
from qualified_leads.load_lake import TEMPORARY, WORKSPACE, lake, remove_leftovers
from qualified_leads.load_sql import identifier, literal
from qualified_leads.paths import pattern
from qualified_leads.release import (
    LINK_NAME,
    RELEASES_NAME,
    WORK_NAME,
    cut_foreign_link,
    linked_release,
    prune,
    republish,
    set_damaged_release_aside,
)
from qualified_leads.suppression import (
    EMAIL,
    LEAD,
    Suppression,
    read_suppression,
    write_suppression,
)

MARK_NAME = ".erasing"
PERSON_COLUMNS = (
    "email",
    "first_name",
    "last_name",
    "phone",
    "landing_page",
    "job_title",
    "department",
    "company_name",
    "region",
)


@dataclass
class ErasureReport:
    """Rows rewritten per table of the lake, and what else was rewritten or removed."""

    leads: int = 0
    rows: Counter[str] = field(default_factory=Counter)
    files_removed: int = 0


@dataclass(frozen=True)
class _Person:
    """All rows of `raw.leads` that an erasure is about, possibly of several people."""

    rows: list[Row]

    @property
    def lead_ids(self) -> set[str]:
        return {row["lead_id"].strip(" ") for row in self.rows if row["lead_id"]}

    @property
    def names(self) -> frozenset[str]:
        return frozenset().union(*map(names_of, self.rows))

    @property
    def needles(self) -> frozenset[str]:
        personal_ids = {one.lower() for one in self.lead_ids if is_personal(one, self.names)}
        return frozenset(personal_ids).union(*map(needles_of, self.rows))


def erase(
    warehouse: Path, lead_ids: Iterable[str], emails: Iterable[str], seeds: Path, logs: list[Path]
) -> ErasureReport:
    """Erase whoever has one of these ids or addresses, and all leads that are the same person.

    The caller holds the warehouse's lock. `logs` are directories of logs, of which the files go
    that have somebody's address or name in them. Whoever is not found is suppressed all the same.

    Raises ExportBusyError where an export is running, and UsageError where a view of an EL tool
    reads people from elsewhere.
    """
    with ExportLocks() as locks:
        locks.take(warehouse)
        _refuse_views(warehouse)
        _leave_broken_releases(warehouse)
        found = set(map(_trimmed, lead_ids)), set(map(_trimmed, emails))
        _note(warehouse, *found, read_policy(seeds))
        return _finish(warehouse, seeds, logs, locks)


def _refuse_views(warehouse: Path) -> None:
    with _connected() as connection:
        if not _is_attached(connection, warehouse / WORK_NAME):
            return
        views = [name for name, kind in el_tables(connection).items() if kind == "view"]
    if views:
        raise UsageError(
            f"raw.{views[0]} in {WORK_NAME} is a view of an EL tool, and nobody can be taken out of"
            " what it reads: erase there, drop it, run this, and create it again"
        )


def _note(warehouse: Path, ids: set[str], emails: set[str], policy: Policy) -> None:
    """Write down whom to erase, and that it is under way."""
    suppression = read_suppression(warehouse)
    addresses = {email.lower() for email in emails}
    person = _find(warehouse, suppression, ids, addresses, policy)
    ids |= person.lead_ids
    addresses |= {_trimmed(row["email"]).lower() for row in person.rows if row["email"]}
    for lead_id in ids:
        is_kept = not is_personal(lead_id, person.names)
        suppression.leads.setdefault(suppression.hash(LEAD, lead_id), is_kept)
    for address in addresses:
        if not address.startswith("erased-"):
            is_kept = not is_personal(address.rpartition("@")[2], person.names)
            suppression.emails.setdefault(suppression.hash(EMAIL, address), is_kept)
    _note_survivors(warehouse, suppression, person)
    write_suppression(warehouse, suppression)
    (warehouse / MARK_NAME).touch(mode=0o600)


def is_unfinished(warehouse: Path) -> bool:
    """Whether an erasure was killed before it was through."""
    return (warehouse / MARK_NAME).exists()


def finish(warehouse: Path, seeds: Path, logs: list[Path]) -> ErasureReport:
    """Take everybody on the list out of every file; what is out already is left as it is.

    Raises ExportBusyError where an export is running.
    """
    with ExportLocks() as locks:
        locks.take(warehouse)
        _leave_broken_releases(warehouse)
        return _finish(warehouse, seeds, logs, locks)


def _finish(warehouse: Path, seeds: Path, logs: list[Path], locks: ExportLocks) -> ErasureReport:
    suppression = read_suppression(warehouse)
    policy = read_policy(seeds)
    person = _find(warehouse, suppression, set(), set(), policy)
    anonymiser = Anonymiser(suppression, policy, person.needles)
    report = ErasureReport(leads=len(person.lead_ids))
    _remove_scraps(warehouse)
    files = sorted(path for path in lake(warehouse).glob("*/*.parquet"))
    files.sort(key=lambda path: path.parent.name == "leads")
    for path in (path for path in files if path.parent.name != "leads"):
        report.rows[path.parent.name] += _rewrite(path, anonymiser, person)
    _rewrite_releases(warehouse, anonymiser, person)
    erase_exports(warehouse, anonymiser, locks)
    forget_queries(warehouse)
    _rewrite_work(warehouse, anonymiser, person)
    report.files_removed = _remove_logs(logs, person.needles)
    for path in (path for path in files if path.parent.name == "leads"):
        report.rows["leads"] += _rewrite(path, anonymiser, person)
    take_in(lake(warehouse))
    (warehouse / MARK_NAME).unlink(missing_ok=True)
    sync(warehouse)
    report.rows = Counter({table: count for table, count in report.rows.items() if count})
    return report


def suppress_file(path: Path, table: str, suppression: Suppression, seeds: Path) -> bool:
    """Strip a file that a load has written, before it is published; whether that changed it.

    Ids that come with a suppressed address are put on the list.
    """
    found = _rows_of_erased(path, table, suppression)
    policy = read_policy(seeds)
    if table == REJECTED_ROWS:
        anonymiser = Anonymiser(suppression, policy)
        return bool(_rewrite(path, anonymiser, _Person([])))
    if table == "leads":
        for row in found:
            is_kept = not is_personal(row["lead_id"], names_of(row))
            suppression.leads.setdefault(suppression.hash(LEAD, row["lead_id"]), is_kept)
    if not found:
        return False
    rows = [_without_placeholder(row, suppression, policy) for row in found]
    person = _Person(rows if table == "leads" else [])
    anonymiser = Anonymiser(suppression, policy, person.needles)
    return bool(_rewrite(path, anonymiser, person))


# who it is


def _note_survivors(warehouse: Path, suppression: Suppression, person: _Person) -> None:
    """Write down which leads count as one, by the release that readers see, or the work file."""
    linked = linked_release(warehouse)
    if linked is None or not linked.exists():
        linked = warehouse / WORK_NAME
    with _connected() as connection:
        if not _is_attached(connection, linked) or not _has_table(
            connection, "marts", "bridge_lead_identity"
        ):
            return
        query = "select lead_id, survivor_lead_id from work.marts.bridge_lead_identity"
        bridge = dict(connection.execute(query).fetchall())
    for row in person.rows:
        lead_id, email = _trimmed(row["lead_id"]), _trimmed(row["email"])
        if lead_id in bridge:
            survivor = suppression.lead_id(bridge[lead_id])
            suppression.survivors.setdefault(suppression.hash(LEAD, lead_id), survivor)
            if email and not email.startswith("erased-"):
                suppression.survivors.setdefault(suppression.hash(EMAIL, email), survivor)


def _find(
    warehouse: Path,
    suppression: Suppression,
    ids: set[str],
    addresses: set[str],
    policy: Policy,
) -> _Person:
    """Every row of raw.leads of these keys, of the list, and of what merges or addresses join."""
    rows = [
        row
        if _trimmed(row["email"]).lower() in addresses
        else _without_placeholder(row, suppression, policy)
        for row in _lead_rows(warehouse)
    ]
    chosen: dict[int, Row] = {}
    while True:
        before = len(chosen)
        for number, row in enumerate(rows):
            lead_id, merged = _trimmed(row["lead_id"]), _trimmed(row["merged_into_lead_id"])
            email = _trimmed(row["email"]).lower()
            if (
                lead_id in ids
                or (merged and merged in ids)
                or (email and email in addresses)
                or suppression.has_lead(lead_id)
                or suppression.has_email(email)
            ):
                chosen[number] = row
                ids |= {key for key in (lead_id, merged) if key}
                addresses |= {email} if email else set()
        if len(chosen) == before:
            return _Person(list(chosen.values()))


def _without_placeholder(row: Row, suppression: Suppression, policy: Policy) -> Row:
    """The row without an address that others have too, unless just that is to be erased."""
    email = row.get("email")
    is_left_out = policy.is_placeholder(email) and not suppression.has_email(email)
    return row | {"email": None} if is_left_out else row


def _lead_rows(warehouse: Path) -> list[Row]:
    columns = ["lead_id", "merged_into_lead_id", "email", "first_name", "last_name", "phone"]
    sources = [
        f"read_parquet({literal(pattern(path))})"
        for path in lake(warehouse).glob("leads/*.parquet")
    ]
    rows: list[Row] = []
    with _connected() as connection:
        if "leads" in _landed_tables(connection, warehouse / WORK_NAME):
            sources.append("work.raw.leads")
        for source in sources:
            present = [row[0] for row in connection.execute(f"describe from {source}").fetchall()]
            chosen = ", ".join(
                f"cast({name if name in present else 'null'} as varchar) as {name}"
                for name in columns
            )
            found = connection.execute(f"select distinct {chosen} from {source}").fetchall()
            rows += [dict(zip(columns, row, strict=True)) for row in found]
    return rows


def _trimmed(value: str | None) -> str:
    return (value or "").strip(" ")


# the lake


def _rewrite(path: Path, anonymiser: Anonymiser, person: _Person) -> int:
    """Write a file of the lake anew without the people in it; the number of rows that changed."""
    table = path.parent.name
    source = f"read_parquet({literal(pattern(path))}, file_row_number = true)"
    with _connected() as connection:
        changed = _changed_rows(connection, source, table, anonymiser, person)
        if not len(changed):
            return 0
        connection.register("changed", changed)
        temporary = path.with_name(f"{TEMPORARY}{path.stem}")
        connection.execute(
            f"copy (select * exclude (file_row_number) from {source}"
            " where file_row_number not in (select file_row_number from changed)"
            " union all select * exclude (file_row_number) from changed)"
            f" to {literal(str(temporary))} (format parquet, use_tmp_file false)"
        )
    temporary.chmod(0o600)
    sync(temporary)
    forget_unless_changed(path)
    os.replace(temporary, path)
    sync(path.parent)
    return len(changed)


def _changed_rows(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    table: str,
    anonymiser: Anonymiser,
    person: _Person,
    key: str = "file_row_number",
) -> pa.Table:
    """The rows of a relation that differ once they are stripped, as they are then."""
    columns = [row[:2] for row in connection.execute(f"describe from {source}").fetchall()]
    names = {name for name, _ in columns}
    texts = [name for name, kind in columns if kind == "VARCHAR"]
    suppression, tests = anonymiser.suppression, []
    if table == REJECTED_ROWS:
        return _changed_rejects(connection, source, anonymiser, person)
    if "lead_id" in names:
        tests.append(_is_suppressed(suppression, LEAD, "lead_id", source))
    if "merged_into_lead_id" in names:
        tests.append(_is_suppressed(suppression, LEAD, "merged_into_lead_id", source))
    if table == "leads" and "email" in names:
        tests.append(_is_suppressed(suppression, EMAIL, "email", source))
    is_own = " or ".join(f"coalesce({test}, false)" for test in tests) or "false"
    found = [
        f"contains(lower({identifier(name)}), {literal(needle)})"
        for name in texts
        for needle in sorted(anonymiser.needles)
    ]
    is_named = f"coalesce({' or '.join(found)}, false)" if found else "false"
    query = f"select *, {is_own} as is_own_ from {source} where {is_own} or {is_named}"
    rows = connection.sql(query).to_arrow_table()
    schema = rows.drop_columns(["is_own_"]).schema
    changed = []
    for row in rows.to_pylist():
        is_own_row = row.pop("is_own_")
        # A row of another lead that merges into an erased one is the same person's.
        done = anonymiser.strip(table, row) if is_own_row else anonymiser.without_needles(row)
        if done != row:
            changed.append(done)
    return pa.Table.from_pylist(changed, schema=schema)


def _is_suppressed(suppression: Suppression, kind: str, column: str, source: str) -> str:
    hashes = suppression.leads if kind == LEAD else suppression.emails
    listed = ", ".join(literal(one) for one in hashes) or "''"
    # Keys are hashed once each: rows are many, and people few.
    return (
        f"{column} in (select key from (select distinct {column} as key from {source})"
        f" where {suppression.hash_sql(kind, 'key')} in ({listed}))"
    )


def _changed_rejects(
    connection: duckdb.DuckDBPyConnection, source: str, anonymiser: Anonymiser, person: _Person
) -> pa.Table:
    rows = connection.sql(f"select * from {source} where record <> ''").to_arrow_table()
    changed = [
        row | {"record": ""}
        for row in rows.to_pylist()
        if _is_about(row["record"] or "", anonymiser.suppression, person)
    ]
    return pa.Table.from_pylist(changed, schema=rows.schema)


_WORD = re.compile(r"[^\s,;|\"'{}\[\]<>()]+")


def _is_about(record: str, suppression: Suppression, person: _Person) -> bool:
    """Whether a record that could not be read names an erased person, by key, address or name."""
    text = record.lower()
    if any(needle in text for needle in person.needles):
        return True
    if any(
        all((row[name] or "").strip().lower() in text for name in ("first_name", "last_name"))
        for row in person.rows
        if row["first_name"] and row["last_name"]
    ):
        return True
    words = set(_WORD.findall(record)) | {word.rpartition(":")[2] for word in _WORD.findall(record)}
    return any(suppression.has_lead(word) or suppression.has_email(word) for word in words)


def _rows_of_erased(path: Path, table: str, suppression: Suppression) -> list[Row]:
    with _connected() as connection:
        source = f"read_parquet({literal(pattern(path))})"
        names = {row[0] for row in connection.execute(f"describe from {source}").fetchall()}
        tests = [
            _is_suppressed(suppression, LEAD, name, source)
            for name in LEAD_COLUMNS
            if name in names
        ]
        if table == "leads":
            tests.append(_is_suppressed(suppression, EMAIL, "email", source))
        if not tests or table == REJECTED_ROWS:
            return []
        query = f"select * from {source} where {' or '.join(tests)}"
        if table != "leads":
            query += " limit 1"
        return connection.sql(query).to_arrow_table().to_pylist()


# releases, work file, logs


def _leave_broken_releases(warehouse: Path) -> None:
    """Set aside, for _remove_scraps, a linked release that can't be rewritten, and say so."""
    if told := set_damaged_release_aside(warehouse, read_all=True):
        print(f"warning: {told}, and is deleted", file=sys.stderr)
    if told := cut_foreign_link(warehouse):
        print(f"warning: {told}; people in that file are yours to erase", file=sys.stderr)


def _rewrite_releases(warehouse: Path, anonymiser: Anonymiser, person: _Person) -> None:
    """A copy of the linked release without the people takes its place; all others go."""
    linked = linked_release(warehouse)
    if linked is not None and linked.exists():
        republish(warehouse, linked, partial(_released_columns, anonymiser, person))
        prune(warehouse, keep=1)
    elif (warehouse / RELEASES_NAME).exists():
        for path in (warehouse / RELEASES_NAME).glob("*.duckdb*"):
            path.unlink()
        (warehouse / LINK_NAME).unlink(missing_ok=True)


def _released_columns(
    anonymiser: Anonymiser, person: _Person, table: str, columns: list[tuple[str, str]]
) -> list[str]:
    """Expressions for the columns (name, type) of a table of a release."""
    ids = ", ".join(literal(one) for one in sorted(person.lead_ids)) or "''"
    chosen = []
    for name, kind in columns:
        quoted = identifier(name)
        value = quoted
        if table == "dim_leads" and name in PERSON_COLUMNS:
            value = f"case when lead_id in ({ids}) then null else {quoted} end"
        elif table == "dim_leads" and name == "is_deleted":
            value = f"(lead_id in ({ids}) or {quoted})"
        elif kind == "VARCHAR":
            value = _without_names(quoted, anonymiser, person)
        chosen.append(f"{value} as {quoted}")
    return chosen


def _without_names(column: str, anonymiser: Anonymiser, person: _Person) -> str:
    told = {lead_id: anonymiser.suppression.lead_id(lead_id) for lead_id in person.lead_ids}
    cases = [
        f"when {column} = {literal(lead_id)} then {literal(pseudonym)}"
        for lead_id, pseudonym in sorted(told.items())
        if pseudonym != lead_id
    ]
    value = column
    for needle in sorted(anonymiser.needles):
        pattern = literal(rf"(?i)\Q{needle}\E")
        pseudonym = literal(anonymiser.suppression.pseudonym("text", needle))
        value = f"regexp_replace({value}, {pattern}, {pseudonym}, 'g')"
    return f"case {' '.join(cases)} else {value} end" if cases else value


def _rewrite_work(warehouse: Path, anonymiser: Anonymiser, person: _Person) -> None:
    """Drop the work file, so that the next run builds in full; only what it alone has is kept.

    That is tables that an EL tool landed and the account of runs. Deleting rows in place would
    leave their bytes in the file.
    """
    work = warehouse / WORK_NAME
    if not work.exists():
        return
    new = warehouse / f".new-{WORK_NAME}"
    with _connected() as connection:
        landed = _landed_tables(connection, work)
        connection.execute(f"attach {literal(str(new))} as new (storage_version 'v1.5.0')")
        for table in landed:
            source = f"(select *, rowid as file_row_number from work.raw.{identifier(table)})"
            changed = _changed_rows(connection, source, table, anonymiser, person)
            connection.register("changed", changed)
            connection.execute("create schema if not exists new.raw")
            connection.execute(
                f"create table new.raw.{identifier(table)} as"
                f" select * exclude (file_row_number) from {source}"
                " where file_row_number not in (select file_row_number from changed)"
                " union all select * exclude (file_row_number) from changed"
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


def _remove_logs(directories: list[Path], needles: Iterable[str]) -> int:
    """Delete the files in which a needle stands; how many."""
    patterns = [re.compile(re.escape(needle).encode(), re.IGNORECASE) for needle in needles]
    removed = 0
    for directory in directories:
        for path in directory.rglob("*"):
            if path.is_file() and any(pattern.search(path.read_bytes()) for pattern in patterns):
                path.unlink()
                removed += 1
    return removed


def _connected() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    return connection
