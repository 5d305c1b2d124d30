"""Files of the raw lake: how they are named, written whole and found again.

A data file is named by its key: table, content of the source file and mapping. Its presence is the
proof that the source was loaded. Files of rejected rows carry the key of their data file and appear
before it. The manifest (manifest.py) follows, to tell a loss or a change by.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from qualified_leads import durable
from qualified_leads.contract import REJECTED_ROWS
from qualified_leads.durable import sync
from qualified_leads.lake import manifest
from qualified_leads.paths import pattern

TEMPORARY = ".tmp-"
WORKSPACE = ".tmp-load"
_DAMAGED = ".damaged-"


@dataclass(frozen=True)
class Staged:
    """A file written under a temporary name, and the name that it will get."""

    temporary: Path
    final: Path


def lake(warehouse: Path) -> Path:
    """Return the directory of the raw lake."""
    return warehouse / "raw"


def make_private(directory: Path) -> Path:
    """Create a directory that only its owner enters; return it."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    return directory


def content_hash(path: Path, advance: Callable[[int], None]) -> str:
    """Return the SHA-256 of a file; `advance` hears of each piece read, in bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 22):
            digest.update(chunk)
            advance(len(chunk))
    return digest.hexdigest()


def key(table: str, content: str, mapping: str) -> str:
    """Return the name, without suffix, that this content has in the lake."""
    return hashlib.sha256(f"{table}\n{content}\n{mapping}".encode()).hexdigest()[:40]


def data_path(warehouse: Path, table: str, name: str) -> Path:
    """Return the path of a data file of the lake."""
    return lake(warehouse) / table / f"{name}.parquet"


def rejects_path(warehouse: Path, name: str) -> Path:
    """Return the path of the rejected rows that belong to the data file of this name."""
    return data_path(warehouse, REJECTED_ROWS, name)


def staged(final: Path) -> Staged:
    """Return where to write a file of the lake before it is published; makes its directory."""
    make_private(final.parent)
    return Staged(final.with_name(f"{TEMPORARY}{final.stem}"), final)


def publish(warehouse: Path, rejects: list[Staged], data: list[Staged]) -> list[str]:
    """Give written files their names: all rejects first, since a data file commits both.

    A crash in between leaves rejects without data; the next load of that source, which finds no
    data file, writes both again under the same names. Returns the names of other files that the
    manifest did not have.
    """
    finals = [file.final for file in [*rejects, *data]]
    manifest.forget(lake(warehouse), finals)
    for files in (rejects, data):
        for file in files:
            file.temporary.chmod(0o600)
            sync(file.temporary)
        for file in files:
            os.replace(file.temporary, file.final)
        for directory in {file.final.parent for file in files}:
            sync(directory)
            sync(directory.parent)
    return manifest.take_in(lake(warehouse), finals)


def remove_leftovers(warehouse: Path) -> None:
    """Delete temporary files that a crashed load left; the caller is the only load."""
    for path in lake(warehouse).glob(f"*/{TEMPORARY}*"):
        path.unlink(missing_ok=True)
    durable.remove_leftovers(lake(warehouse))


def set_damaged_aside(warehouse: Path) -> list[Path]:
    """Rename files of the lake that are not whole; returns the names that they had.

    Ours are synced before they get their names, so this is a fault of a disk or of a copy.
    """
    for path in lake(warehouse).glob("*/*.parquet"):
        if not _is_whole(path):
            os.replace(path, _aside(path))
    # Those that a killed run had set aside are among them.
    found = sorted(lake(warehouse).glob(f"*/{_DAMAGED}*"))
    return [path.with_name(f"{path.name.removeprefix(_DAMAGED)}.parquet") for path in found]


def put_back(damaged: Iterable[Path]) -> list[Path]:
    """After a load: drop what it wrote again and put the others back; returns these."""
    missing = [path for path in damaged if not path.exists()]
    for path in damaged:
        if path in missing:
            os.replace(_aside(path), path)
        else:
            _aside(path).unlink(missing_ok=True)
    return missing


def _aside(path: Path) -> Path:
    return path.with_name(f"{_DAMAGED}{path.stem}")


def _is_whole(path: Path) -> bool:
    """Whether a Parquet file ends as it has to; a cut one does not."""
    with path.open("rb") as stream:
        begin = stream.read(4)
        stream.seek(-min(8, path.stat().st_size), os.SEEK_END)
        end = stream.read()
    if begin != b"PAR1" or len(end) < 8 or end[4:] != b"PAR1":
        return False
    return int.from_bytes(end[:4], "little") + 12 <= path.stat().st_size


def next_landed_at(warehouse: Path, now: datetime) -> datetime:
    """Return `now`, or the microsecond after the latest `_landed_at` of the lake if that is later.

    Both are naive UTC.
    """
    files = [pattern(path) for path in lake(warehouse).glob("*/*.parquet")]
    if not files:
        return now
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        latest = _latest(connection, files)
    return max(now, latest + timedelta(microseconds=1)) if latest else now


def loaded_at_times(warehouse: Path, table: str) -> set[datetime]:
    """Return the `_loaded_at`, naive UTC, of the table's files in which all rows have the same."""
    files = [pattern(path) for path in (lake(warehouse) / table).glob("*.parquet")]
    if not files:
        return set()
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        found = connection.execute(
            """
            select min(try_cast(stats_min_value as timestamp)) as earliest
            from parquet_metadata(?)
            where path_in_schema = '_loaded_at'
            group by file_name
            having earliest = max(try_cast(stats_max_value as timestamp))
            """,
            [files],
        ).fetchall()
    return {time for (time,) in found}


def _latest(connection: duckdb.DuckDBPyConnection, files: list[str]) -> datetime | None:
    # Footers are enough unless another tool wrote a file without statistics.
    latest, unknown = connection.execute(
        """
        select max(try_cast(stats_max_value as timestamp)),
            list(distinct file_name) filter (stats_max_value is null and row_group_num_rows > 0)
        from parquet_metadata(?)
        where path_in_schema = '_landed_at'
        """,
        [files],
    ).fetchone() or (None, None)
    if unknown:
        read = connection.execute(
            "select max(_landed_at) from read_parquet(?)",
            [[pattern(Path(name)) for name in unknown]],
        )
        (found,) = read.fetchone() or (None,)
        latest = max((time for time in (latest, found) if time), default=None)
    return latest
