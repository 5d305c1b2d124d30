"""Tables of models that the project no longer has: a release would show them as they last were."""

from __future__ import annotations

from pathlib import Path

import duckdb

from qualified_leads.quoting import identifier
from qualified_leads.release.publish import TableName, public_tables


def drop_removed_models(work: Path, project: Path) -> list[TableName]:
    """Drop the public tables and views of a work file that no model of the project is named after.

    Returns the (schema, table) pairs that were dropped.
    """
    models = {path.stem for path in (project / "models").rglob("*.sql")}
    with duckdb.connect(str(work), read_only=True) as connection:
        removed = [one for one in public_tables(connection, work.stem) if one[1] not in models]
    if removed:
        with duckdb.connect(str(work)) as connection:
            for schema, table in removed:
                name = f"{identifier(schema)}.{identifier(table)}"
                kind = "view" if _is_view(connection, schema, table) else "table"
                connection.execute(f"drop {kind} {name}")
    return removed


def _is_view(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    found = connection.execute(
        "select 1 from duckdb_views() where schema_name = ? and view_name = ?", [schema, table]
    )
    return found.fetchone() is not None
