"""Publish the tested marts and reports of a work file as one immutable file behind one link."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from qualified_leads.durable import sync, wal_of
from qualified_leads.errors import UsageError
from qualified_leads.failures import is_broken, why
from qualified_leads.quoting import identifier, literal
from qualified_leads.release.privacy import PERSONAL_DATA, look_at_values
from qualified_leads.suppression import read_suppression, write_suppression

WORK_NAME = "work.duckdb"
LINK_NAME = "qualified_leads.duckdb"
RELEASES_NAME = "releases"
PUBLIC_SCHEMAS = ("marts", "reports")
PERSONAL_TABLES = frozenset({("marts", "dim_leads")})
PERSONAL_COLUMNS = frozenset({"email", "first_name", "last_name", "phone"})
RELEASES_KEPT = 3
# The oldest format that the engine writes: any DuckDB since 1.0 opens a release, whatever wrote it.
STORAGE_VERSION = "v1.0.0"

RELEASE_PATTERN = re.compile(r"\d{8}T\d{6}-[0-9a-f]{8}\.duckdb")
_TEMPORARY = ".new-"
_DAMAGED = ".damaged-"

TableName = tuple[str, str]
# Of a table's name and its columns (name, type) the expressions to copy.
Columns = Callable[[str, list[tuple[str, str]]], list[str]]


class ReleaseError(Exception):
    """Nothing was released, and the release before is as it was; the message is one line."""

    exit_status = 1


@dataclass(frozen=True)
class Release:
    """A published release: its file and the rows of each (schema, table) in it, without views."""

    path: Path
    row_counts: dict[TableName, int]
    notes: tuple[str, ...] = ()


def release(
    warehouse: Path,
    as_of: datetime,
    *,
    without_personal_data: bool = False,
    accepted: Collection[str] = (),
    keep: int = RELEASES_KEPT,
) -> Release:
    """Copy the public schemas of `work.duckdb` into a new release and link to it.

    The caller holds the warehouse's lock. `as_of` is UTC and names the file. The tables come
    without constraints and indexes, which a reader has no use for; a view becomes a table unless
    it reads public tables alone. The last `keep` releases stay.
    `accepted` may hold `personal_data` or `personal_data:<table>`, where a release without it is
    meant to have texts that look like addresses or phone numbers.

    Raises ReleaseError when there is nothing to release, when the copy differs from its source, or
    when a file can't be written; what was linked before stays linked.
    """
    privacy = _Privacy(warehouse, accepted) if without_personal_data else None
    made = _publish(
        warehouse,
        f"{as_of:%Y%m%dT%H%M%S}",
        lambda target: _copy(warehouse / WORK_NAME, target, privacy),
    )
    prune(warehouse, keep)
    return replace(made, notes=tuple(privacy.notes)) if privacy else made


def republish(warehouse: Path, source: Path, columns: Columns) -> Release:
    """Put a rewritten copy of a release in its place; `columns` gives the expressions of a table.

    Raises ReleaseError.
    """
    moment = source.name.partition("-")[0]
    return _publish(warehouse, moment, lambda target: _copy(source, target, None, columns))


def _publish(warehouse: Path, moment: str, copy: Callable[[Path], dict[TableName, int]]) -> Release:
    """Have a new release written, verify and sync it, and link to it in one step."""
    releases = warehouse / RELEASES_NAME
    name = f"{moment}-{secrets.token_hex(4)}.duckdb"
    temporary = releases / f"{_TEMPORARY}{name}"
    try:
        releases.mkdir(parents=True, exist_ok=True)
        releases.chmod(0o700)
        remove_leftovers(warehouse)
        row_counts = copy(temporary)
        _verify(temporary, row_counts)
        temporary.chmod(0o600)
        sync(temporary)
        os.replace(temporary, releases / name)
        sync(releases)
        _swap_link(warehouse, releases / name)
    except (duckdb.Error, OSError) as error:
        reason = why(error, releases)
        raise ReleaseError(
            f"the release could not be written: {reason}; nothing released"
        ) from error
    finally:
        _discard_unless_linked(warehouse, temporary, releases / name)
    return Release(releases / name, row_counts)


def public_tables(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[TableName]:
    """The (schema, table) pairs of the public schemas of an attached database, views too."""
    rows = connection.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_catalog = ? and table_schema in (?, ?) order by all",
        [catalog, *PUBLIC_SCHEMAS],
    ).fetchall()
    return [(schema, table) for schema, table in rows]


def linked_release(warehouse: Path) -> Path | None:
    """The release that readers see now, or None before the first."""
    link = warehouse / LINK_NAME
    return link.parent / os.readlink(link) if link.is_symlink() else None


def is_own(warehouse: Path, file: Path) -> bool:
    """Whether a file is a release of this warehouse, by its place and name."""
    is_there = file.parent.resolve() == (warehouse / RELEASES_NAME).resolve()
    return is_there and RELEASE_PATTERN.fullmatch(file.name) is not None


def set_damaged_release_aside(warehouse: Path, *, read_all: bool = False) -> str | None:
    """Rename the linked release where it is damaged, so that it is made again; what to say of it.

    It is opened and its reports are read, with `read_all` all that is in it. An erasure removes
    what was set aside.

    Raises UsageError where it can't be read for another reason than damage.
    """
    linked = linked_release(warehouse)
    if linked is None or not linked.exists() or not is_own(warehouse, linked):
        return None
    if _is_whole(linked, PUBLIC_SCHEMAS if read_all else ("reports",)):
        return None
    aside = warehouse / f"{_DAMAGED}{linked.name}"
    os.replace(linked, aside)
    return f"the linked release {linked} is damaged; it is now {aside.name}"


def _is_whole(release: Path, schemas: tuple[str, ...]) -> bool:
    """Whether every value of these schemas can be read; blocks of a file have checksums."""
    try:
        with duckdb.connect() as connection:
            connection.execute(f"attach {literal(str(release))} as release (read_only)")
            tables = public_tables(connection, "release")
            for schema, table in tables:
                if schema in schemas:
                    name = sql_name("release", schema, table)
                    connection.execute(f"select count(hash(one)) from {name} as one").fetchall()
            return ("marts", "fct_leads") in tables
    except duckdb.Error as error:
        if is_broken(error):
            return False
        raise UsageError(
            f"{release} can't be read ({type(error).__name__}): another program has it open, or"
            " this account may not"
        ) from None


def cut_foreign_link(warehouse: Path) -> str | None:
    """Remove a link that leads to a file which is no release of this warehouse; what to say of it.

    Such a file is left as it is.
    """
    linked = linked_release(warehouse)
    if linked is None or is_own(warehouse, linked):
        return None
    (warehouse / LINK_NAME).unlink()
    return f"{LINK_NAME} led to {linked}, which is no release of this warehouse, and is removed"


def prune(warehouse: Path, keep: int = RELEASES_KEPT) -> list[Path]:
    """Delete all but the `keep` releases made last, never the linked one; returns what went.

    A reader that has a deleted release open keeps it until it closes it.
    """
    linked = linked_release(warehouse)
    found = [p for p in (warehouse / RELEASES_NAME).iterdir() if RELEASE_PATTERN.fullmatch(p.name)]
    # By the time of writing, as a release of an earlier as_of may well be the newest.
    found.sort(key=lambda path: (path == linked, path.stat().st_mtime_ns), reverse=True)
    for path in found[keep:]:
        with suppress(OSError):  # the next release tries again; this one is out already
            path.unlink()
    return found[keep:]


def remove_leftovers(warehouse: Path) -> None:
    """Delete what a killed release left half-done."""
    for directory in (warehouse, warehouse / RELEASES_NAME):
        for path in directory.glob(f"{_TEMPORARY}*"):
            path.unlink()


@dataclass
class _Privacy:
    """A release without personal data: what is accepted in it, and afterwards what to say of it."""

    warehouse: Path
    accepted: Collection[str]
    notes: list[str] = field(default_factory=list)

    def columns(
        self, connection: duckdb.DuckDBPyConnection, tables: list[TableName]
    ) -> Columns | None:
        """Expressions with pseudonyms for ids that look like a person. Raises ReleaseError."""
        suppression = read_suppression(self.warehouse)
        found = look_at_values(
            connection, tables, lambda text: f"person-{suppression.hash('id', text)[:20]}"
        )
        refused = [
            f"{'.'.join(column)} ({why})"
            for column, why in found.refused.items()
            if not {PERSONAL_DATA, f"{PERSONAL_DATA}:{column[1]}"} & set(self.accepted)
        ]
        if refused:
            raise ReleaseError(
                f"personal data outside dim_leads: {', '.join(refused)}; nothing released; correct"
                f" the source, or if it is meant: --accept {PERSONAL_DATA}:<table>"
            )
        self.notes += found.notes()
        if not found.pseudonyms:
            return None
        write_suppression(self.warehouse, suppression)  # it has the key of the pseudonyms
        told = pa.table(
            {"id": list(found.pseudonyms), "pseudonym": list(found.pseudonyms.values())}
        )
        connection.register("told", told)
        replaced = {column[1:] for column in found.replaced}
        return lambda table, columns: [
            f"coalesce((select pseudonym from told where id = {name}), {name}) as {name}"
            if (table, name) in replaced
            else identifier(name)
            for name, _ in columns
        ]


def _copy(
    work: Path, target: Path, privacy: _Privacy | None, columns: Columns | None = None
) -> dict[TableName, int]:
    """Write the public tables into a new file; the row counts are those of the work file."""
    if not work.exists():
        raise ReleaseError("there is no work file to release; build first")
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(work))} as work (read_only)")
        connection.execute(
            f"attach {literal(str(target))} as new (storage_version '{STORAGE_VERSION}')"
        )
        tables = public_tables(connection, "work")
        if privacy is not None:
            tables = [table for table in tables if table not in PERSONAL_TABLES]
            _refuse_personal_columns(connection, tables)
        views = _self_contained_views(connection, tables)
        copied = [table for table in tables if table not in views]
        if privacy is not None:
            columns = privacy.columns(connection, copied)
        for schema in PUBLIC_SCHEMAS:
            connection.execute(f"create schema new.{schema}")
        row_counts = {table: _copy_table(connection, table, columns) for table in copied}
        connection.execute("use new")
        for statement in views.values():
            connection.execute(statement)
        connection.execute("use memory")
        if not row_counts.get(("marts", "fct_leads")):
            raise ReleaseError("marts.fct_leads has no rows; nothing released")
        _copy_comments(connection, tables, views)
        connection.execute("checkpoint new")
        connection.execute("detach new")
    return row_counts


def _self_contained_views(
    connection: duckdb.DuckDBPyConnection, tables: list[TableName]
) -> dict[TableName, str]:
    """The statements that create the views that read nothing but public tables.

    A release keeps these as views. Others read what no release has, or such a view, and become
    tables.
    """
    public = {".".join(table) for table in tables}
    statements: dict[TableName, str] = {}
    read: dict[str, set[str]] = {}
    for schema, view, text in connection.execute(
        "select schema_name, view_name, sql from duckdb_views() where database_name = 'work'"
    ).fetchall():
        if (schema, view) not in tables:
            continue
        # DuckDB 1.5 keeps the name of the file, which is not that of a release.
        statement = re.sub(r'"?\bwork"?\.(?=marts\.|reports\.)', "", text)
        query = statement.partition(" AS ")[2].rstrip(";")
        names = connection.get_table_names(query, qualified=True)
        if names <= public:
            statements[schema, view], read[f"{schema}.{view}"] = statement, names
    return {
        table: statement
        for table, statement in statements.items()
        if read.keys().isdisjoint(read[".".join(table)])
    }


def _copy_table(
    connection: duckdb.DuckDBPyConnection, table: TableName, columns: Columns | None
) -> int:
    """Copy a table or what a view gives into the new file; the rows that were written."""
    source, chosen = sql_name("work", *table), "*"
    if columns is not None:
        described = connection.execute(f"describe {source}").fetchall()
        chosen = ", ".join(columns(table[1], [(row[0], row[1]) for row in described]))
    written = connection.execute(
        f"create table {sql_name('new', *table)} as select {chosen} from {source}"
    ).fetchone()
    assert written is not None
    return int(written[0])


def _verify(path: Path, expected: dict[TableName, int]) -> None:
    """Reopen the closed file as a reader does and compare the rows of its tables.

    Views have to fit the tables; what they give follows from these.
    """
    if wal_of(path).exists():
        raise ReleaseError("the new release was not closed properly; nothing released")
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(path))} as new (read_only)")
        tables = public_tables(connection, "new")
        views = connection.execute("select schema_name, view_name from duckdb_views()").fetchall()
        for view in set(tables).intersection(views):
            connection.execute(f"select * from {sql_name('new', *view)} limit 0")
        found = {t: _count(connection, "new", t) for t in tables if t not in views}
    if found != expected:
        wrong = sorted(
            ".".join(t) for t in found.keys() | expected if found.get(t) != expected.get(t)
        )
        raise ReleaseError(
            f"the new release differs from its source in {', '.join(wrong)}; nothing released"
        )


def _swap_link(warehouse: Path, target: Path) -> None:
    """Point the link at the new release in one step, relative so that the warehouse can move."""
    temporary = warehouse / f"{_TEMPORARY}{target.stem}"
    temporary.symlink_to(target.relative_to(warehouse))
    try:
        os.replace(temporary, warehouse / LINK_NAME)
    finally:
        temporary.unlink(missing_ok=True)
    sync(warehouse)


def _discard_unless_linked(warehouse: Path, temporary: Path, final: Path) -> None:
    """Remove what a failed release wrote, without hiding why it failed."""
    with suppress(OSError):
        for path in (temporary, wal_of(temporary)):
            path.unlink(missing_ok=True)
        if linked_release(warehouse) != final:
            final.unlink(missing_ok=True)


def _copy_comments(
    connection: duckdb.DuckDBPyConnection, tables: list[TableName], views: Collection[TableName]
) -> None:
    wanted = set(tables)
    for schema, table, text in connection.execute(
        "select schema_name, table_name, comment from duckdb_tables() "
        "where database_name = 'work' and comment is not null "
        "union all select schema_name, view_name, comment from duckdb_views() "
        "where database_name = 'work' and comment is not null"
    ).fetchall():
        if (schema, table) in wanted:
            kind = "view" if (schema, table) in views else "table"
            name = sql_name("new", schema, table)
            connection.execute(f"comment on {kind} {name} is {literal(text)}")
    for schema, table, column, text in connection.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns() "
        "where database_name = 'work' and comment is not null"
    ).fetchall():
        if (schema, table) in wanted:
            full_name = sql_name("new", schema, table, column)
            connection.execute(f"comment on column {full_name} is {literal(text)}")


def _refuse_personal_columns(
    connection: duckdb.DuckDBPyConnection, tables: list[TableName]
) -> None:
    columns = connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where database_name = 'work'"
    ).fetchall()
    found = [
        f"{schema}.{table}.{column}"
        for schema, table, column in columns
        if (schema, table) in set(tables) and column in PERSONAL_COLUMNS
    ]
    if found:
        raise ReleaseError(f"personal data outside dim_leads: {', '.join(found)}; nothing released")


def _count(connection: duckdb.DuckDBPyConnection, catalog: str, table: TableName) -> int:
    row = connection.execute(f"select count(*) from {sql_name(catalog, *table)}").fetchone()
    assert row is not None
    return int(row[0])


def sql_name(*parts: str) -> str:
    """Quote the parts of a name as an SQL identifier."""
    return ".".join(map(identifier, parts))
