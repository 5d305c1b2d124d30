"""How a failure is told: one line that says what, where and what to do next, and an exit status.

Errors of the project are told by their own text. Those of the machine (disk, memory, permissions,
limits) and of DuckDB are translated here, for all commands alike and for `ops.runs`. What is left
is a defect of the project: of that only kind and place are shown, as its text may quote a record.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

INTERRUPTED = 130
_RIGHTS = "let the account that runs this read and write it, or run as its owner"
_SYSTEM = {
    errno.ENOSPC: "no space left on the disk; make room there and run again",
    errno.EDQUOT: "the disk quota of the account is used up; make room and run again",
    errno.EFBIG: "a file became larger than the account may write; raise `ulimit -f`, run again",
    errno.EROFS: "the file system is read-only; make it writable or use another directory",
    errno.EACCES: f"permission denied; {_RIGHTS}",
    errno.EPERM: f"operation not permitted; {_RIGHTS}",
    errno.ENOENT: "no such file or directory; it is missing or was removed meanwhile",
    errno.EEXIST: "a file of that name is in the way; move it away",
    errno.ENOTDIR: "a part of the path is a file and no directory; give another path",
    errno.EISDIR: "it is a directory, and a file is wanted; move it away or give another path",
    errno.ENAMETOOLONG: "the name is too long; give a shorter one",
    errno.ELOOP: "the link leads in a circle; mend or remove it",
    errno.ENOTEMPTY: "the directory is not empty; move away what is in it",
    errno.EBUSY: "it is in use; try again when it is not",
    errno.ETXTBSY: "it is in use; try again when it is not",
    errno.EXDEV: "it is on another file system than what it replaces; keep both on one",
    errno.EMFILE: "too many open files; raise `ulimit -n` and run again",
    errno.ENFILE: "too many open files on the machine; close some programs and run again",
    errno.EAGAIN: "the account has too many processes; raise `ulimit -u` or run again later",
    errno.ENOMEM: "not enough memory; close other programs and run again",
    errno.EIO: "input/output error; check the disk or the network share, then run again",
    errno.ESTALE: "the network share was lost; mount it again and run again",
    errno.EPIPE: "what reads the output has ended; write it to a file and run again",
}
_DAMAGED = "it is no database file, or a damaged one; run scripts/refresh.py to have it made again"
_SPILL = "queries spilled more than DUCKDB_SPILL_LIMIT; raise it or DUCKDB_MEMORY_LIMIT"
_MEMORY = "DuckDB needs more memory than it may take; raise DUCKDB_MEMORY_LIMIT or add memory"
_HELD = "another program has the database open; close it there and run again"
# How DuckDB says that a file or its log will never be readable again.
BROKEN = (duckdb.SerializationException, duckdb.InternalException, duckdb.FatalException)
BROKEN_SIGNS = ("not a valid DuckDB database file", "orrupt", "checksum", "not read enough bytes")
_QUOTED = re.compile(r'"(/[^"\n]*)"')


def told(error: BaseException) -> tuple[str, int]:
    """The line for standard error, and the exit status."""
    status = getattr(error, "exit_status", None)
    if isinstance(status, int):
        return str(error), status
    if isinstance(error, KeyboardInterrupt):
        return "interrupted", INTERRUPTED
    if isinstance(error, SystemExit):
        # So ends rich when nobody reads what it prints.
        return _SYSTEM[errno.EPIPE], 1
    if (reason := why(error)) is not None:
        return reason, 1
    return f"unexpected {type(error).__name__} {_place_of(error)}; please report this defect", 1


def why(error: BaseException, where: Path | None = None) -> str | None:
    """Where and what a failure of the machine or of DuckDB is; None for any other error.

    `where` is the path to name for an error that names none.
    """
    if isinstance(error, duckdb.Error):
        return _of_database(error, where)
    if isinstance(error, OSError):
        named = error.filename2 or error.filename
        place = os.fsdecode(named) if isinstance(named, str | bytes) else where
        return _placed(_SYSTEM.get(error.errno or 0) or _plainly(error), place)
    if isinstance(error, MemoryError):
        return _placed(_SYSTEM[errno.ENOMEM], where)
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return _SYSTEM[errno.EAGAIN]
    if isinstance(error, RecursionError):
        return _placed("something in it is nested too deeply to be read", where)
    if isinstance(error, UnicodeEncodeError):
        return _placed(
            f"a character can't be written as {error.encoding}; set PYTHONIOENCODING=utf-8, and"
            " rename files whose names are not UTF-8",
            where,
        )
    if isinstance(error, UnicodeDecodeError):
        return _placed(f"a file is not {error.encoding}; save it as UTF-8", where)
    return None


def why_text(message: str) -> str | None:
    """The same of the text of an error that DuckDB or the system gave, as dbt hands it on."""
    if "max_temp_directory_size" in message:
        return _SPILL
    if "Out of Memory Error" in message:
        return _MEMORY
    if "Could not set lock" in message:
        return _HELD
    for code, text in _SYSTEM.items():
        if os.strerror(code) in message:
            return text
    return None


def is_broken(error: Exception) -> bool:
    """Whether DuckDB says so of a file that will never be readable again."""
    return isinstance(error, BROKEN) or any(sign in str(error) for sign in BROKEN_SIGNS)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Give an error of the system the path that it is about, where it has none."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def _of_database(error: duckdb.Error, where: Path | None) -> str:
    text = str(error)
    if isinstance(error, duckdb.SerializationException) or "not a valid DuckDB" in text:
        return _placed(_DAMAGED, where)
    # Only such messages quote no record.
    if not isinstance(error, duckdb.IOException | duckdb.OutOfMemoryException):
        kind = type(error).__name__
        said = f"DuckDB stopped ({kind}); run again, and report it if that ends alike"
        return _placed(said, where)
    quoted = _QUOTED.search(text)
    first = text.partition("\n")[0].removeprefix("IO Error: ")
    said = why_text(text) or f"DuckDB says: {first}; mend that and run again"
    return _placed(said, quoted.group(1) if quoted else where)


def _plainly(error: OSError) -> str:
    said = os.strerror(error.errno) if error.errno else type(error).__name__
    return f"the system says: {said}; mend that and run again"


def _placed(text: str, place: Path | str | None) -> str:
    return text if place is None else f"{place}: {text}"


def _place_of(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f"in {trace.tb_frame.f_code.co_name}, line {trace.tb_lineno}"
