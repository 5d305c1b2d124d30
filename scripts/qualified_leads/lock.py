"""One refresh at a time: an advisory lock on `$WAREHOUSE/.lock` that dies with its holder."""

from __future__ import annotations

import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from qualified_leads.errors import UsageError
from qualified_leads.failures import why

LOCK_NAME = ".lock"


class WarehouseBusyError(Exception):
    """Another process holds the lock; the message says which and since when."""

    exit_status = 75


@contextmanager
def warehouse_lock(warehouse: Path) -> Iterator[int]:
    """Hold the exclusive lock of a warehouse directory, which is created if it is absent.

    Yields the file descriptor. A child that inherits it (`pass_fds`) keeps the lock held until it
    has ended too, so that a dbt whose parent was killed can't be joined by a second one.

    Raises WarehouseBusyError at once when another process has it, and UsageError where the
    directory or its lock can't be written.
    """
    os.umask(0o077)  # whatever is written from here on is nobody else's
    descriptor = _open(warehouse)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_holder(descriptor)
        except BlockingIOError:
            raise WarehouseBusyError(_busy_message(descriptor)) from None
        except OSError as error:
            raise _unusable(warehouse / LOCK_NAME, error) from None
        yield descriptor
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _open(warehouse: Path) -> int:
    """Open the lock's file; nothing has been changed where that can't be. Raises UsageError."""
    path = warehouse / LOCK_NAME
    try:
        _make_private(warehouse)
        # It stays for good: unlinking it would let a third process lock a new file of that name.
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(path, error) from None


def _unusable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"the lock can't be taken: {why(error, path)}; nothing changed")


def _make_private(directory: Path) -> None:
    """Create a directory for its owner alone; close an own one that is open to others."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = directory.stat()
    # One with the sticky bit, such as /tmp, is meant for everybody: its files are private anyway.
    if status.st_uid == os.geteuid() and not status.st_mode & stat.S_ISVTX:
        directory.chmod(0o700)


def _write_holder(descriptor: int) -> None:
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"pid {os.getpid()}, since {since} UTC".encode(), 0)


def _busy_message(descriptor: int) -> str:
    """Who has the lock; waits a moment for a holder that has not written yet who it is."""
    holder = ""
    for _ in range(20):
        holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
        found = _HOLDER.match(holder)
        if found and _is_alive(int(found.group(1))):
            return f"another refresh is running ({holder})"
        time.sleep(0.05)
    if not holder:
        return "another refresh is running (it has just started)"
    return f"another refresh is running ({holder}; it was killed, and its dbt is about to end)"


_HOLDER = re.compile(r"pid (\d+), since ")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
