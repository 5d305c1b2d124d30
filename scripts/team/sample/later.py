"""A sample in two batches: the history, and what an export some days later would bring.

Rows belong to the later batch by when they were exported (`_loaded_at`) and not by when they
happened, so that it holds late rows too. It is small and stays in memory until it is written.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from team.sample.write import CsvWriter, TableWriter

# Whose a row is: the first of these columns that has a value. Tables without them stay whole.
OWNERS = ("lead_id", "domain")


@dataclass(frozen=True)
class Later:
    """Where the rows exported from `since` (naive UTC) on go, and how many to keep of them.

    `rows` limits what hangs on single leads and domains; None keeps all.
    """

    out: Path
    since: datetime
    rows: int | None = None


class SplitWriter:
    """A table of which the rows exported from some moment on are put aside.

    `rows` counts all of them, as keys are numbered by it. Malformed records are history.
    """

    def __init__(self, history: TableWriter, since: datetime) -> None:
        self.rows = 0
        self._history = history
        self._since = np.datetime64(since, "s")
        self._later: list[pa.Table] = []

    def write(self, columns: Mapping[str, pa.Array]) -> None:
        table = pa.table(dict(columns))
        is_later = np.asarray(table["_loaded_at"]) >= self._since
        self.rows += len(table)
        self._later.append(decoded(table.filter(pa.array(is_later))))
        self._history.write(by_name(table.filter(pa.array(~is_later))))

    def write_record(self, record: Mapping[str, str]) -> None:
        self._history.write_record(record)
        self.rows += 1

    def close(self) -> None:
        self._history.close()

    def later(self) -> pa.Table:
        """Return the rows that were put aside."""
        return pa.concat_tables(self._later)


def by_name(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """Return the columns of a table, as writers take them."""
    return dict(zip(table.column_names, table.columns, strict=True))


def decoded(table: pa.Table) -> pa.Table:
    """Return the table with plain strings for dictionary columns, whose pools differ by batch."""
    return pa.table(
        {
            name: pc.cast(column, pa.string()) if pa.types.is_dictionary(column.type) else column
            for name, column in by_name(table).items()
        }
    )


def write_later(tables: Mapping[str, pa.Table], later: Later, out: Path) -> None:
    """Write the tables that have rows as CSV files into `out`, thinned to `later.rows`."""
    out.mkdir(parents=True)
    kept = tables if later.rows is None else thin(tables, later.rows)
    for name, table in kept.items():
        if len(table):
            writer = CsvWriter(name, out)
            writer.write(by_name(table))
            writer.close()


def thin(tables: Mapping[str, pa.Table], rows: int) -> dict[str, pa.Table]:
    """Return the tables with `rows` rows among those that have an owner, or all if there are fewer.

    A lead or domain keeps all its rows in all tables or none. Which ones stay follows from their
    keys alone.
    """
    owners = {name: owner(table) for name, table in tables.items()}
    owned = [values for values in owners.values() if values is not None]
    counted = pc.value_counts(pa.chunked_array(owned, pa.string()))
    sizes = {item["values"].as_py(): item["counts"].as_py() for item in counted}
    kept = pa.array(choose_owners(sizes, rows), pa.string())
    result = {}
    for name, table in tables.items():
        values = owners[name]
        mask = None if values is None else pc.is_in(values, kept, skip_nulls=False)
        result[name] = table if mask is None else table.filter(mask)
    return result


def owner(table: pa.Table) -> pa.Array | None:
    """Return whose each row is, '' where nobody's; None for a table whose rows have no owner."""
    columns = [table[name] for name in OWNERS if name in table.column_names]
    if not columns:
        return None
    return pc.coalesce(*columns, pa.scalar("")).combine_chunks()


def choose_owners(sizes: Mapping[str, int], rows: int) -> list[str]:
    """Return owners with `rows` rows between them, or as many as can be had without more."""
    chosen, room = [], rows
    for name in sorted(sizes, key=lambda name: (zlib.crc32(name.encode()), name)):
        if sizes[name] <= room:
            chosen.append(name)
            room -= sizes[name]
    return chosen
