"""What is asked of Spark directly, run by the Python of its environment, which has a client.

`prepare PORT` makes the schema that clients open first; `export PORT DIRECTORY SCHEMA...` writes
tables and views as `DIRECTORY/SCHEMA/TABLE/*.parquet`; `read PORT SQL` prints rows as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from pyhive import hive  # type: ignore[import-not-found]

from team.spark import CATALOG, HOST


def prepare(port: int) -> None:
    # The client quotes the name, so this opens Spark's own catalogue: the other has no schema yet.
    cursor = hive.connect(HOST, port, database="spark_catalog`.`default").cursor()
    cursor.execute(f"create schema if not exists {CATALOG}.default")


def export(port: int, directory: str, schemas: list[str]) -> None:
    cursor = hive.connect(HOST, port).cursor()
    for schema in schemas:
        for name in _names(cursor, f"{CATALOG}.{schema}"):
            cursor.execute(
                f"insert overwrite directory 'file:{directory}/{schema}/{name}'"
                f" using parquet select * from {CATALOG}.{schema}.{name}"
            )


def read(port: int, query: str) -> None:
    cursor = hive.connect(HOST, port).cursor()
    cursor.execute(query)
    print(json.dumps(cursor.fetchall(), default=str))


def _names(cursor: Any, schema: str) -> Iterator[str]:
    """Its tables and views, which an Iceberg catalogue lists apart."""
    for kind in ("tables", "views"):
        cursor.execute(f"show {kind} in {schema}")
        for _, name, *_ in cursor.fetchall():
            yield name


if __name__ == "__main__":
    what, given = sys.argv[1], sys.argv[3:]
    if what == "prepare":
        prepare(int(sys.argv[2]))
    elif what == "export":
        export(int(sys.argv[2]), given[0], given[1:])
    else:
        read(int(sys.argv[2]), given[0])
