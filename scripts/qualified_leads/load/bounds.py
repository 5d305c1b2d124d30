"""How much a file may give: what a small one unfolds to, and how long its records are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from duckdb.sqltypes import DuckDBPyType

from qualified_leads.errors import UsageError
from qualified_leads.quoting import identifier, literal

# A small file can unfold to any size, which would fill the disk or never end. Exports shrink to a
# fifth or a fiftieth; what unfolds to more times its size than this was made to.
MOST_TIMES = 250
SMALL = 1 << 30
MOST_UNPACKED = 100 << 30
LONGEST_RECORD = 64 << 20


def check_unfolded(name: str, path: Path, unfolded: int) -> None:
    """Raise UsageError where a file gives more bytes than one of its size may."""
    size = path.stat().st_size
    most = min(MOST_UNPACKED, max(SMALL, MOST_TIMES * size))
    if unfolded > most:
        raise UsageError(
            f"{name} unfolds to more than {most / (1 << 30):.3g} GB, from {size:,} bytes; nothing"
            " landed; if that is meant, send it as plain CSV"
        )


def check_footer(name: str, path: Path, metadata: pq.FileMetaData) -> None:
    """Refuse what the footer of Parquet shows: a value takes a byte at least, as in a CSV file."""
    unfolded = metadata.num_rows
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for place in range(group.num_columns):
            column = group.column(place)
            width = max(metadata.schema.column(place).length, 1)
            unfolded += max(column.num_values * width, column.total_uncompressed_size)
    check_unfolded(name, path, unfolded)


def check_values(
    name: str,
    path: Path,
    metadata: pq.FileMetaData,
    rows: duckdb.DuckDBPyRelation,
    measure: Callable[[str], tuple[int | None, ...]],
) -> None:
    """Measure the text that a Parquet file really gives, as one entry of a dictionary may stand for
    any number of values; `measure` returns the greatest of an expression over `rows`, and its sum.

    Raises UsageError where a record or the file is too long.
    """
    kinds = zip(rows.columns, rows.types, strict=True)
    lengths = [text_length(identifier(column), kind) for column, kind in kinds]
    texts = [length for length in lengths if length is not None]
    if not texts:
        return
    longest, total = (int(length or 0) for length in measure(summed(texts)))
    if longest > LONGEST_RECORD:
        raise UsageError(
            f"{name}: a record is longer than {LONGEST_RECORD >> 20} MB; nothing landed; mend it or"
            " leave it out where the file is written"
        )
    check_unfolded(name, path, metadata.num_rows * metadata.num_columns + total)


def text_length(value: str, source_type: DuckDBPyType, depth: int = 0) -> str | None:
    """Return how many bytes of text a value holds, at any depth; None where its type has none.

    Nothing is copied for it, as a cast to text would: the value may be there a million times.
    """
    if source_type.id == "varchar":
        return f"coalesce(strlen(cast({value} as varchar)), 0)"
    if source_type.id == "blob":
        return f"coalesce(octet_length({value}), 0)"
    if source_type.id not in ("struct", "list", "map"):
        return None
    parts = []
    for name, kind in source_type.children:
        if source_type.id == "struct":
            parts.append(text_length(f"struct_extract({value}, {literal(name)})", kind, depth))
            continue
        listed = f"map_{name}s({value})" if source_type.id == "map" else value
        one = f"one_{depth}"
        if (length := text_length(one, kind, depth + 1)) is not None:
            each = f"list_sum(list_transform({listed}, lambda {one}: {length}))"
            parts.append(f"coalesce(cast({each} as bigint), 0)")
    found = [part for part in parts if part is not None]
    return summed(found) if found else None


def summed(expressions: list[str], at_once: int = 100) -> str:
    """Return the sum of any number of expressions; DuckDB takes a thousand levels of brackets."""
    while len(expressions) > 1:
        parts = range(0, len(expressions), at_once)
        expressions = [f"({' + '.join(expressions[n : n + at_once])})" for n in parts]
    return expressions[0]
