"""Find a release and open it to be read: for reports, exports, erasures and Superset."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from qualified_leads.errors import UsageError
from qualified_leads.failures import is_broken, why
from qualified_leads.release.publish import PUBLIC_SCHEMAS, RELEASE_PATTERN, linked_release


@dataclass(frozen=True)
class ReleaseFile:
    """A release to read; `as_of` is naive UTC, None where the file's name does not say it."""

    path: Path
    as_of: datetime | None


def find_release(warehouse: Path, file: Path | None) -> ReleaseFile:
    """The given file, else the release that is linked now. Raises UsageError."""
    path = file or linked_release(warehouse)
    if path is None:
        raise UsageError(f"there is no release in {warehouse} yet; run scripts/refresh.py first")
    if not path.is_file():
        if file is None:
            raise UsageError(f"the linked release {path} is missing; run scripts/refresh.py again")
        raise UsageError(f"{path} is not a file")
    path = path.resolve()
    known = RELEASE_PATTERN.fullmatch(path.name)
    as_of = datetime.strptime(path.name[:15], "%Y%m%dT%H%M%S") if known else None
    return ReleaseFile(path, as_of)


@contextmanager
def open_release(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A read-only connection to a file that has the public schemas.

    Raises UsageError where it can't be opened or turns out to be damaged as it is read.
    """
    is_open = False
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            is_open = True
            if not table_names(connection):
                raise UsageError(f"{path} is no release: it has no tables in marts or reports")
            yield connection
    except duckdb.Error as error:
        if is_broken(error):
            raise UsageError(
                f"{path} is damaged or no release ({type(error).__name__}); name another one with"
                " --release, or delete it and run scripts/refresh.py, which makes one"
            ) from None
        if not is_open:
            raise UsageError(f"the release can't be opened: {why(error, path)}") from None
        raise


def table_names(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """`schema.table` of every public table of the release."""
    rows = connection.execute(
        "select table_schema || '.' || table_name from information_schema.tables "
        "where table_catalog = current_database() and table_schema in (?, ?)",
        list(PUBLIC_SCHEMAS),
    ).fetchall()
    return {name for (name,) in rows}
