"""Marts and reports of a release as Parquet or CSV for other tools, in one whole directory."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb

from qualified_leads.durable import remove_leftovers, whole_directory
from qualified_leads.errors import UsageError
from qualified_leads.failures import why
from qualified_leads.quoting import literal
from qualified_leads.release.publish import (
    PERSONAL_TABLES,
    RELEASES_KEPT,
    TableName,
    public_tables,
    sql_name,
)
from qualified_leads.release.reading import ReleaseFile, open_release

Format = Literal["parquet", "csv"]
FORMATS: tuple[Format, ...] = ("parquet", "csv")
LATEST = "latest"
EXPORT_PATTERN = re.compile(r".+-(parquet|csv)-[0-9a-f]{8}")
# Types whose text no spreadsheet takes for a formula; a negative number stays a number.
PLAIN_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT")
PLAIN_TYPES += ("UINTEGER", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", "BOOLEAN", "DATE", "TIME")
FORMULA_STARTS = "^[=+@\\t\\r-]"


class ExportError(Exception):
    """Nothing was exported, and earlier exports are as they were; the message is one line."""

    exit_status = 1


@dataclass(frozen=True)
class Exported:
    """A directory of exported tables, and the rows of each."""

    directory: Path
    row_counts: dict[str, int]


def export_tables(
    release: ReleaseFile,
    directory: Path,
    file_format: Format,
    *,
    with_personal_data: bool = False,
    only: Sequence[str] = (),
    keep: int = RELEASES_KEPT,
) -> Exported:
    """Write every public table (or `only` these, as `schema.table`) to `directory/<release>-...`.

    The link `directory/latest` is swapped onto it in one step; the last `keep` exports stay. The
    tables of personal data are left out unless they are asked for. The caller holds the lock.

    Raises UsageError (no such table), ExportError (a file can't be written).
    """
    name = f"{release.path.stem}-{file_format}-{secrets.token_hex(4)}"
    target = directory / name
    try:
        directory.mkdir(parents=True, exist_ok=True)
        remove_leftovers(directory)
        with open_release(release.path) as connection, whole_directory(target) as place:
            tables = chosen_tables(connection, with_personal_data, only)
            counts = {
                ".".join(table): _write(connection, table, place, file_format) for table in tables
            }
            manifest = {"release": release.path.name, "format": file_format, "rows": counts}
            (place / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
        _point_latest_to(target)
    except (OSError, duckdb.Error) as error:
        reason = why(error, directory)
        raise ExportError(f"the tables could not be exported: {reason}; nothing changed") from None
    _prune(directory, target, keep)
    return Exported(target, counts)


def chosen_tables(
    connection: duckdb.DuckDBPyConnection, with_personal_data: bool, only: Sequence[str]
) -> list[TableName]:
    """The tables to export. Raises UsageError for one that is not there or needs the option."""
    row = connection.execute("select current_database()").fetchone()
    assert row is not None
    found = public_tables(connection, str(row[0]))
    if unknown := sorted(set(only) - {".".join(table) for table in found}):
        raise UsageError(f"not in the release: {', '.join(unknown)}")
    if only:
        found = [table for table in found if ".".join(table) in only]
    if with_personal_data:
        return found
    if only and (personal := [".".join(table) for table in found if table in PERSONAL_TABLES]):
        raise UsageError(f"{', '.join(personal)} is personal data: add --with-personal-data")
    return [table for table in found if table not in PERSONAL_TABLES]


def neutral(column: str) -> str:
    """SQL of a column's text with a leading apostrophe where a spreadsheet would see a formula."""
    text = f"cast({column} as varchar)"
    return (
        f"case when regexp_matches({text}, '{FORMULA_STARTS}') then '''' || {text} else {text} end"
    )


def _write(
    connection: duckdb.DuckDBPyConnection, table: TableName, place: Path, file_format: Format
) -> int:
    columns = connection.execute(
        "select column_name, data_type from duckdb_columns() "
        "where schema_name = ? and table_name = ? order by column_index",
        list(table),
    ).fetchall()
    selected = ", ".join(_expression(name, kind, file_format) for name, kind in columns)
    source = f"select {selected} from {sql_name(*table)}"
    path = place / f"{'.'.join(table)}.{file_format}"
    options = "format csv, header" if file_format == "csv" else "format parquet, compression zstd"
    connection.execute(f"copy ({source}) to {literal(str(path))} ({options})")
    row = connection.execute(f"select count(*) from {sql_name(*table)}").fetchone()
    assert row is not None
    return int(row[0])


def _expression(name: str, kind: str, file_format: Format) -> str:
    column = sql_name(name)
    is_plain = kind in PLAIN_TYPES or kind.startswith(("DECIMAL", "TIMESTAMP"))
    if file_format == "parquet" or is_plain:
        return column
    return f"{neutral(column)} as {column}"


def _point_latest_to(target: Path) -> None:
    temporary = target.with_name(f".new-{LATEST}-{target.name}")
    temporary.symlink_to(target.name)
    os.replace(temporary, target.with_name(LATEST))


def _prune(directory: Path, newest: Path, keep: int) -> None:
    """Delete all but the last exports; what cannot be deleted now is tried again next time."""
    found = [
        p for p in directory.iterdir() if (p / "manifest.json").is_file() and not p.is_symlink()
    ]
    found.sort(key=lambda path: (path == newest, path.stat().st_mtime_ns), reverse=True)
    for path in found[keep:]:
        with suppress(OSError):
            shutil.rmtree(path)
