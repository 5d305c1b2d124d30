"""Files that are there whole or not at all, also after the power went."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from qualified_leads.errors import UsageError
from qualified_leads.failures import naming

TEMPORARY = ".new-"


def sync(path: Path) -> None:
    """Force a file or a directory onto the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with naming(path):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_json(path: Path, *keys: str) -> dict[str, Any]:
    """The object in a file of ours. Raises UsageError where it is none or lacks a key."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise damaged(path) from None
    if not isinstance(content, dict) or not content.keys() >= set(keys):
        raise damaged(path)
    return content


def damaged(path: Path) -> UsageError:
    """The error of a file of ours that is not as it was written."""
    return UsageError(f"{path} is damaged; restore it from a backup")


def wal_of(database: Path) -> Path:
    """Where DuckDB has the log of a database that was not closed properly."""
    return database.with_name(f"{database.name}.wal")


def write_whole(path: Path, content: str) -> None:
    """Write or replace a file in one step: a temporary one is synced, then renamed."""
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{secrets.token_hex(4)}")
    try:
        with naming(path), temporary.open("w", encoding="utf-8", newline="") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


@contextmanager
def whole_directory(target: Path) -> Iterator[Path]:
    """Yield a directory to fill; at the end it gets the name `target`, which must not exist.

    If anything fails, nothing is left of it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{TEMPORARY}{target.name}-{secrets.token_hex(4)}")
    temporary.mkdir(mode=0o700)
    try:
        yield temporary
        for path in [*temporary.rglob("*"), temporary]:
            sync(path)
        os.rename(temporary, target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync(target.parent)


def remove_leftovers(directory: Path) -> None:
    """Delete what a killed writer left half-done. The caller holds the directory's lock."""
    for path in directory.glob(f"{TEMPORARY}*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
