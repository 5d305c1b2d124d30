"""Whether two releases say the same, in one pass over each: for tables too large to join."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb

from qualified_leads.release.publish import TableName, public_tables

FLOATS = ("DOUBLE", "FLOAT")
TOLERANCE = 1e-9  # relative: sums of floats differ in their last digits with the order of rows

Fingerprint = tuple[int, int, tuple[float, ...]]


def differing_tables(one: Path, other: Path) -> list[str]:
    """Return the public tables, as `schema.name`, that are not the same in both releases."""
    ours, theirs = fingerprints(one), fingerprints(other)
    return sorted(
        ".".join(table)
        for table in ours.keys() | theirs.keys()
        if not is_same(ours.get(table), theirs.get(table))
    )


def is_same(one: Fingerprint | None, other: Fingerprint | None) -> bool:
    """Compare rows and hashes exactly, sums within the tolerance."""
    if one is None or other is None or one[:2] != other[:2] or len(one[2]) != len(other[2]):
        return False
    return all(
        math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        for a, b in zip(one[2], other[2], strict=True)
    )


def fingerprints(release: Path) -> dict[TableName, Fingerprint]:
    """Return of each public table the rows, the sum of their hashes and sums of its floats.

    A float is weighted by what else is in its row, so that values that changed rows are noticed.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{release}' as release (read_only)")
        return {
            table: _fingerprint(connection, table) for table in public_tables(connection, "release")
        }


def _fingerprint(connection: duckdb.DuckDBPyConnection, table: TableName) -> Fingerprint:
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where database_name = 'release' and schema_name = ? and table_name = ?",
        table,
    ).fetchall()
    exact = ", ".join(f'"{name}"' for name, data_type in columns if data_type not in FLOATS)
    floats = [f'"{name}"' for name, data_type in columns if data_type in FLOATS]
    sums = [f"coalesce(sum({name} * (1 + row_hash % 1000)), 0)" for name in floats]
    # A null is no zero.
    sums += [f"sum(case when {name} is null then row_hash % 1000 else 0 end)" for name in floats]
    name = f'release."{table[0]}"."{table[1]}"'
    row = connection.execute(
        f"select count(*), coalesce(sum(row_hash), 0){''.join(', ' + one for one in sums)} "
        f"from (select *, hash({exact or '0'}) as row_hash from {name})"
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1]), tuple(float(value or 0) for value in row[2:])
