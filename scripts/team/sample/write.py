"""Write sample tables in the raw contract: CSV files, or Parquet parts for many activities."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from qualified_leads.contract import REJECTED_ROWS, load_contract

ROWS_PER_PART = 5_000_000


@cache
def contract_columns() -> dict[str, list[str]]:
    """Return the columns of each table as a source exports them, in contract order."""
    return {
        name: [*(column.name for column in table.source_columns), "_loaded_at"]
        for name, table in load_contract().items()
        if name != REJECTED_ROWS
    }


class TableWriter(Protocol):
    """One table on its way to disk."""

    rows: int

    def write(self, columns: Mapping[str, pa.Array]) -> None:
        """Append rows; `columns` are those of the contract in any order, one left out is null."""

    def write_record(self, record: Mapping[str, str]) -> None:
        """Append one record as text, whether or not it keeps to the contract's types."""

    def close(self) -> None:
        """Finish the files."""


def _batch(table: str, columns: Mapping[str, pa.Array]) -> pa.Table:
    names = contract_columns()[table]
    if unknown := set(columns) - set(names):
        raise KeyError(f"{table}: not in the contract: {unknown}")
    rows = len(next(iter(columns.values())))
    return pa.table({name: columns.get(name, pa.nulls(rows, pa.string())) for name in names})


class CsvWriter:
    """A table as one CSV file: strings quoted, null an empty field, line feeds."""

    def __init__(self, table: str, out: Path) -> None:
        self.table, self.rows = table, 0
        self._file = (out / f"{table}.csv").open("wb")
        self._file.write((",".join(contract_columns()[table]) + "\n").encode())

    def write(self, columns: Mapping[str, pa.Array]) -> None:
        batch = _batch(self.table, columns)
        plain = [
            pc.cast(c, pa.string()) if pa.types.is_dictionary(c.type) else c for c in batch.columns
        ]
        table = pa.table(plain, names=batch.column_names)
        pacsv.write_csv(table, self._file, pacsv.WriteOptions(include_header=False))
        self.rows += len(batch)

    def write_record(self, record: Mapping[str, str]) -> None:
        line = io.StringIO()
        names = contract_columns()[self.table]
        csv.DictWriter(line, names, restval="", lineterminator="\n").writerow(record)
        self._file.write(line.getvalue().encode())
        self.rows += 1

    def close(self) -> None:
        self._file.close()


class ParquetWriter:
    """A table as Parquet files of some five million rows in a folder of its name."""

    def __init__(self, table: str, out: Path) -> None:
        self.table, self.rows = table, 0
        self._folder = out / table
        self._folder.mkdir()
        self._writer: pq.ParquetWriter | None = None
        self._parts = self._rows_in_part = 0

    def write(self, columns: Mapping[str, pa.Array]) -> None:
        batch = _batch(self.table, columns)
        if self._writer is None:
            path = self._folder / f"part-{self._parts:05d}.parquet"
            # Without the Arrow schema a reader sees plain strings, not dictionaries.
            self._writer = pq.ParquetWriter(
                path,
                batch.schema,
                compression="zstd",
                store_schema=False,
                use_dictionary=[c for c in batch.column_names if c != "activity_id"],
            )
        self._writer.write_table(batch)
        self.rows += len(batch)
        self._rows_in_part += len(batch)
        if self._rows_in_part >= ROWS_PER_PART:
            self._finish_part()

    def write_record(self, record: Mapping[str, str]) -> None:
        """Leave the record out: a typed Parquet column cannot hold a malformed value."""

    def _finish_part(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            self._parts += 1
            self._rows_in_part = 0

    def close(self) -> None:
        self._finish_part()
