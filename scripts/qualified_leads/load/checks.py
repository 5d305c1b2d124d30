"""What a load says of the rows it lands: what is settled by chance, what is taken for something."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import duckdb

from qualified_leads.contract import MONEY, Table
from qualified_leads.errors import UsageError
from qualified_leads.load.report import FileReport, LoadReport
from qualified_leads.quoting import identifier, literal

REJECTED = "rejected"
UNREAD = "unread"
READ = "csv, tsv, jsonl, json, parquet, xlsx, alone or as gz or zip"
_NAMED = 3


def notes_on(
    connection: duckdb.DuckDBPyConnection, table: Table, files: list[str], currency: str
) -> tuple[list[str], list[str]]:
    """Return (warnings, notes) about the Parquet files that a load lands in one table."""
    rows = f"read_parquet([{', '.join(map(literal, files))}])"
    key = ", ".join(_comparable(table))
    (repeated,) = _row(connection, f"select count(*) - count(distinct hash({key})) from {rows}")
    warnings = list(_conflicts(connection, table, rows)) if repeated else []
    names = {column.name for column in table.columns}
    notes = []
    said = ", ".join(identifier(column.name) for column in table.source_columns)
    (equal,) = _row(
        connection,
        f"select count(*) - count(distinct hash({said})) from {rows}" if repeated else "select 0",
    )
    if equal:
        is_one = equal == 1
        notes.append(
            f"{table.name}: {equal:,} {'row repeats' if is_one else 'rows repeat'} the key and all"
            f" that is mapped of another and {'counts' if is_one else 'count'} once"
        )
    for column in table.columns:
        if column.data_type == MONEY and "currency" in names:
            (count,) = _row(
                connection,
                f"select count_if({column.name} is not null and currency is null) from {rows}",
            )
            if count:
                what = "row" if count == 1 else "rows"
                notes.append(
                    f"{table.name}: {count:,} {what} without currency, taken as {currency}"
                )
    return warnings, notes


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    return connection.execute(sql).fetchone() or (0,)


def _comparable(table: Table) -> list[str]:
    kinds = {column.name: column.data_type for column in table.columns}
    return [f"trim({name})" if kinds[name] == "string" else name for name in table.key]


def _conflicts(connection: duckdb.DuckDBPyConnection, table: Table, rows: str) -> list[str]:
    """Rows that differ in what they say and in no time that would tell which is newer."""
    warnings = []
    keys = _comparable(table)
    names = [column.name for column in table.source_columns]
    times = [name for name in ("updated_at", "created_at") if name in names]
    version = f"coalesce({', '.join(times)})" if times else "null"
    said = ", ".join(identifier(name) for name in names)
    found = connection.execute(
        f"""
        select {keys[0]} from {rows}
        group by {", ".join(keys)}, {version}, _loaded_at
        having count(distinct hash({said})) > 1
        order by 1
        """
    ).fetchall()
    if found:
        # An id may be an address; no log has one.
        shown = [str(one) for (one,) in found if "@" not in str(one)][:_NAMED]
        of = f" ({', '.join(shown)}{', …' if len(found) > len(shown) else ''})" if shown else ""
        warnings.append(
            f"{table.name}: {_counted(len(found))} rows that differ, and no time says which is"
            f" newer{of}; if the key is too coarse give it more columns, else map updated_at or"
            " _loaded_at, or load a file per export"
        )
    if table.name == "leads":
        (people,) = _row(
            connection,
            f"""
            select count(distinct lead_id) from (
                select trim(lead_id) as lead_id from {rows}
                group by trim(lead_id), updated_at
                having count(distinct lower(trim(email))) > 1
            )
            """,
        )
        if people:
            warnings.append(
                f"leads: {_counted(people)} several e-mail addresses: are they ids? A mapping can"
                " number rows with {@row} or hash them with {@hash}"
            )
    return warnings


def _counted(count: int) -> str:
    return f"{count:,} {'key has' if count == 1 else 'keys have'}"


def refuse_unread(names: list[str], unreadable: list[str], accepted: Collection[str]) -> list[str]:
    """Raise UsageError where a source holds more than a load reads; return what was accepted.

    `names` are of data that no table takes, `unreadable` of what is no file that can be read.
    """
    told = []
    if names:
        told.append(f"no table takes {_some(names)}, for the name or the kind (read are {READ})")
    if unreadable:
        told.append(f"{_some(unreadable)} can't be read")
    if told and UNREAD not in accepted:
        remedies = ["rename, save as another kind, map"] if names else []
        remedies += ["mend"] if unreadable else []
        raise UsageError(
            f"{'; '.join(told)}; nothing landed; {', '.join(remedies)} or move away,"
            f" or --accept {UNREAD}"
        )
    return [f"accepted: {line}" for line in told]


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")


def refuse_empty(report: LoadReport, accepted: Collection[str]) -> None:
    """Raise UsageError where nothing of a file is left."""
    for file in report.files:
        if file.unreadable and not file.landed and not is_accepted(file, accepted):
            raise UsageError(
                f"{file.file}: no row of {file.rejected_count:,} is left: {reasons(file)}; nothing"
                f" landed; {_remedy(file)}, or --accept {REJECTED}:{file.table}"
            )


def over_share(
    report: LoadReport, shares: dict[str, float], every: str, accepted: Collection[str]
) -> list[str]:
    """Return a line for each file of which more than its table's share of rows was rejected.

    `shares` are fractions by table; that of `every` is for the tables that have none.
    """
    told = []
    for file in report.files:
        share = shares.get(file.table, shares.get(every, 1.0))
        unreadable = sum(file.unreadable.values())
        if unreadable > share * file.rows and not is_accepted(file, accepted):
            told.append(
                f"{file.file}: {unreadable:,} of {file.rows:,} rows rejected (at most"
                f" {share:.0%} may be): {reasons(file)}; raw.rejected_rows has them;"
                f" {_remedy(file)} and load it again, or --accept {REJECTED}:{file.table}"
            )
    return told


def is_accepted(file: FileReport, accepted: Collection[str]) -> bool:
    """Whether somebody said that the rejected rows of this table may be."""
    return bool({REJECTED, f"{REJECTED}:{file.table}"} & set(accepted))


def _remedy(file: FileReport) -> str:
    """What to do about the commonest reason."""
    commonest = max(file.rejected, key=lambda reason: file.rejected[reason])
    if commonest.endswith(("not a timestamp", "not a date")):
        return "say in a mapping how times are written (`date_format`)"
    if commonest.endswith(("not an amount", "not a number", "not a whole number")):
        return "say in a mapping how numbers are written (`decimal`, `thousands`)"
    return "mend the file, or say in a mapping how to read it"


def reasons(file: FileReport, most: int = 3) -> str:
    """The commonest reasons with their counts, without values."""
    counted = sorted(file.unreadable.items(), key=lambda item: (-item[1], item[0]))
    more = [f"{len(counted) - most} other reasons"] if len(counted) > most else []
    return ", ".join([f"{count:,} {reason}" for reason, count in counted[:most]] + more)
