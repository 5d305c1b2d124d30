"""Which rows of the public tables are in one warehouse or release and not in another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from qualified_leads.errors import UsageError
from qualified_leads.quoting import identifier, literal
from qualified_leads.release.publish import TableName, public_tables

FLOATS = ("DOUBLE", "FLOAT")
TOLERANCE = 1e-9  # relative, of floats: sums differ in their last digits with the order of rows


@dataclass(frozen=True)
class TableDifference:
    """What a table that both have differs in; names of columns that one alone has are not rows."""

    table: TableName
    only_left: int
    only_right: int
    columns: tuple[str, ...]

    @property
    def is_different(self) -> bool:
        return self.only_left + self.only_right > 0


@dataclass(frozen=True)
class Comparison:
    """Tables of both sides in order, and those that one side alone has."""

    tables: tuple[TableDifference, ...]
    only_left: tuple[TableName, ...]
    only_right: tuple[TableName, ...]

    @property
    def is_different(self) -> bool:
        return any(table.is_different for table in self.tables)


def compare(left: Path, right: Path) -> Comparison:
    """Compare the public tables of two work files or releases row for row, as multisets.

    Rows are compared by the columns that both sides have, floats to TOLERANCE, everything else
    exactly. Raises UsageError where a file can't be opened.
    """
    # Views that DuckDB 1.5 wrote name their file, which has to be attached by that name.
    sides = (left.stem, right.stem) if left.stem != right.stem else ("l", "r")
    with duckdb.connect() as connection:
        for name, path in zip(sides, (left, right), strict=True):
            if not path.is_file():
                raise UsageError(f"there is no file {path}")
            attached = f"{literal(str(path))} as {identifier(name)} (read_only)"
            connection.execute(f"attach {attached}")
        ours, theirs = (public_tables(connection, side) for side in sides)
        return Comparison(
            tuple(_compare(connection, sides, table) for table in ours if table in theirs),
            tuple(table for table in ours if table not in theirs),
            tuple(table for table in theirs if table not in ours),
        )


def _compare(
    connection: duckdb.DuckDBPyConnection, sides: tuple[str, str], table: TableName
) -> TableDifference:
    left, right = (_columns(connection, side, table) for side in sides)
    common = [name for name in left if name in right]
    names = ", ".join(map(identifier, common)) or "null"
    ours, theirs = (".".join(map(identifier, (side, *table))) for side in sides)
    for kept, one, other in (("only_l", ours, theirs), ("only_r", theirs, ours)):
        connection.execute(
            f"create or replace temp table {kept} as "
            f"select {names} from {one} except all select {names} from {other}"
        )
    floats = [name for name in common if left[name] in FLOATS or right[name] in FLOATS]
    near = _near(connection, floats, [name for name in common if name not in floats])
    only_left, only_right = (_count(connection, f"from only_{side}") for side in ("l", "r"))
    return TableDifference(
        table, only_left - near, only_right - near, tuple(sorted(left.keys() ^ right.keys()))
    )


def _columns(
    connection: duckdb.DuckDBPyConnection, database: str, table: TableName
) -> dict[str, str]:
    return dict(
        connection.execute(
            "select column_name, data_type from duckdb_columns() "
            "where database_name = ? and schema_name = ? and table_name = ? order by column_index",
            [database, *table],
        ).fetchall()
    )


def _near(connection: duckdb.DuckDBPyConnection, floats: list[str], exact: list[str]) -> int:
    """Rows left over on both sides that are the same but for the last digits of their floats.

    Rows that agree in all else are paired in the order of their floats.
    """
    if not floats:
        return 0
    keys, values = (list(map(identifier, names)) for names in (exact, floats))
    partition = f"partition by {', '.join(keys)} " if keys else ""
    numbered = f"row_number() over ({partition}order by {', '.join(values)}) as pair_number"
    same = " and ".join(f"l.{key} is not distinct from r.{key}" for key in [*keys, "pair_number"])
    close = " and ".join(
        f"(l.{value} is not distinct from r.{value} or coalesce(abs(l.{value} - r.{value})"
        f" <= {TOLERANCE!r} * greatest(abs(l.{value}), abs(r.{value})), false))"
        for value in values
    )
    return _count(
        connection,
        f"from (select *, {numbered} from only_l) as l"
        f" inner join (select *, {numbered} from only_r) as r on {same} and {close}",
    )


def _count(connection: duckdb.DuckDBPyConnection, what: str) -> int:
    row = connection.execute(f"select count(*) {what}").fetchone()
    return int(row[0]) if row else 0
