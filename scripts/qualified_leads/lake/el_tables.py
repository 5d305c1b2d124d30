"""Tables and views that an EL tool put into schema `raw` of the work file, in place of the lake's.

A view of the project's own (refresh/state.py) is told by its SQL, as work files have
views of earlier versions, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from qualified_leads.contract import REJECTED_ROWS, load_contract, type_name
from qualified_leads.errors import UsageError
from qualified_leads.quoting import identifier

FOUND = f"""
    select table_name, 'table' as kind
    from duckdb_tables()
    where database_name = ? and schema_name = 'raw' and table_name <> '{REJECTED_ROWS}'
    union all
    select view_name, 'view'
    from duckdb_views()
    where
        database_name = ?
        and schema_name = 'raw'
        and view_name <> '{REJECTED_ROWS}'
        and sql not ilike '% from %cast(null as %where false)%as %rows%;'
    order by all
"""
STAMPS = ("_fivetran_synced", "_airbyte_extracted_at", "_sdc_extracted_at", "synced_at")


def el_tables(connection: duckdb.DuckDBPyConnection, database: str = "work") -> dict[str, str]:
    """`table` or `view` by the name of each that is not the project's own and of the contract."""
    found = connection.execute(FOUND, [database, database]).fetchall()
    contract = load_contract() if found else {}
    return {name: kind for name, kind in found if name in contract}


def check_el_tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The names of those in the work file, which is open as `work`.

    Raises UsageError where one can't be read by the raw contract: one line with table and column.
    """
    found = el_tables(connection)
    for name, kind in found.items():
        _check(connection, name, kind)
    return list(found)


def check_work_file(work: Path) -> None:
    """The same of a work file that nobody has open; there need not be one. Raises UsageError."""
    if work.exists():
        with duckdb.connect(str(work), read_only=True) as connection:
            connection.execute("set timezone = 'UTC'")
            check_el_tables(connection)


def check_not_hidden(work: Path, tables: Iterable[str]) -> None:
    """Raise UsageError where files are to land in tables of which the lake is not read."""
    hidden = sorted(set(tables) & set(_of_file(work)))
    if hidden:
        raise UsageError(
            f"files for {', '.join(hidden)} would count nowhere, as raw.{hidden[0]} in"
            f" {work.name} is an EL tool's; leave them out, or drop that; nothing landed"
        )


def hidden_rows(work: Path, lake: Path) -> list[str]:
    """One line for each table of which the lake has files that an EL tool's table hides."""
    return [
        f"raw.{name} in {work.name} is an EL tool's, so what is in {lake / name} counts nowhere"
        for name in _of_file(work)
        if any((lake / name).glob("*.parquet"))
    ]


def _of_file(work: Path) -> dict[str, str]:
    if not work.exists():
        return {}
    try:
        with duckdb.connect(str(work), read_only=True) as connection:
            return el_tables(connection)
    except duckdb.Error:  # a load does without the work file, should somebody have it open
        return {}


def _check(connection: duckdb.DuckDBPyConnection, name: str, kind: str) -> None:
    contract, where = load_contract()[name], f"raw.{name}, a {kind} of an EL tool,"
    try:
        described = connection.execute(f"describe from raw.{identifier(name)}").fetchall()
    except duckdb.Error as error:
        raise UsageError(f"{where} can't be read ({type(error).__name__})") from None
    present = {column.lower(): data_type.lower() for column, data_type, *_ in described}
    if missing := [column for column in contract.required if column not in present]:
        raise UsageError(f"{where} lacks the required column {', '.join(missing)}")
    if "_loaded_at" not in present:
        stamp = next((column for column in STAMPS if column in present), "<when it was extracted>")
        raise UsageError(
            f"{where} lacks _loaded_at, which orders its rows; land it in another schema and"
            f" create view raw.{name} as select *, {stamp} as _loaded_at from <schema>.{name}"
        )
    if nulls := _count(connection, name, "_loaded_at is null"):
        raise UsageError(f"{where} has {nulls:,} rows without _loaded_at, which orders its rows")
    for column in contract.columns:
        if present.get(column.name, column.data_type) == column.data_type:
            continue
        value = identifier(column.name)
        no_value = f"try_cast({value} as {column.data_type}) is null and {value} is not null"
        if wrong := _count(connection, name, no_value):
            wanted = type_name(column.data_type)
            raise UsageError(f"{where} has {wrong:,} rows of which {column.name} is not {wanted}")


def _count(connection: duckdb.DuckDBPyConnection, name: str, condition: str) -> int:
    query = f"select count(*) from raw.{identifier(name)} where {condition}"
    (found,) = connection.execute(query).fetchone() or (0,)
    return found
