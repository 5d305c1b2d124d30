"""Public tables of a Spark cluster as a DuckDB file, to be compared or read."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from qualified_leads.quoting import identifier, literal
from team.spark.cluster import Cluster, ask


def copy_tables(cluster: Cluster, schemas: dict[str, str], target: Path) -> None:
    """Write the tables and views of schemas into a new DuckDB file, under the names given for them.

    Spark's timestamps have a zone, which is UTC; in the file they have none.
    """
    target.unlink(missing_ok=True)
    with TemporaryDirectory() as directory:
        ask(cluster.port, "export", directory, *schemas)
        with duckdb.connect(str(target)) as connection:
            connection.execute("set timezone = 'UTC'")
            for schema, name in schemas.items():
                connection.execute(f"create schema {identifier(name)}")
                for table in sorted((Path(directory) / schema).iterdir()):
                    _copy(connection, table, f"{identifier(name)}.{identifier(table.name)}")


def _copy(connection: duckdb.DuckDBPyConnection, files: Path, target: str) -> None:
    source = f"read_parquet({literal(f'{files}/*.parquet')})"
    columns = []
    for name, kind, *_ in connection.execute(f"describe from {source}").fetchall():
        zoned = kind == "TIMESTAMP WITH TIME ZONE"
        named = identifier(name)
        columns.append(f"cast({named} as timestamp) as {named}" if zoned else named)
    connection.execute(f"create table {target} as select {', '.join(columns)} from {source}")
