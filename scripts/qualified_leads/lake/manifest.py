"""What is in the lake: rows, size and hash of each file, so that a loss or a change is noticed.

The manifest is `$WAREHOUSE/raw/manifest.json`, within the lake, so that a copy of that directory is
whole. A file gets its name first and its entry then: what a killed load leaves without one, and
the lake of a warehouse from before there were manifests, is taken in by the next load or refresh.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qualified_leads.durable import write_whole
from qualified_leads.errors import UsageError

MANIFEST_NAME = "manifest.json"
FORMAT_VERSION = 1
WHAT_TO_DO = (
    "restore what is missing or changed from a backup, or delete raw/*/<that name> and load its"
    " source again"
)
MISSING, CHANGED = "is missing", "has changed since it landed"


class LakeError(Exception):
    """The lake is not as it landed; the message is one line."""

    exit_status = 1


@dataclass(frozen=True)
class Entry:
    """A file as it landed: rows, bytes, time of modification in nanoseconds, SHA-256."""

    rows: int
    size: int
    modified: int
    sha256: str


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file; `name` is `table/file` within the lake."""

    name: str
    what: str

    @property
    def table(self) -> str:
        return self.name.partition("/")[0]


Entries = dict[str, Entry]


def describe_problems(problems: list[Problem], shown: int = 3) -> str:
    """The first few with their files, and how many more there are."""
    told = [f"raw/{one.name} {one.what}" for one in problems[:shown]]
    more = len(problems) - shown
    return ", ".join(told) + (f" and {more:,} more" if more > 0 else "")


def describe_taken_in(names: list[str]) -> str:
    """A warning about files that had no entry."""
    return (
        f"{len(names):,} files of the lake had no entry in {MANIFEST_NAME} and were noted as they"
        f" are, such as {names[0]}: a killed load or an older version left them, or somebody did"
    )


def read_manifest(lake: Path) -> Entries:
    """The entries by name, none where there is no manifest. Raises UsageError."""
    path = lake / MANIFEST_NAME
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        if held["format"] > FORMAT_VERSION:
            raise UsageError(
                f"{path} is of format {held['format']}, and this version of the project knows"
                f" {FORMAT_VERSION}: use the newer one"
            )
        return {name: Entry(**entry) for name, entry in held["files"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UsageError(
            f"{path} is damaged; restore it, or delete it to have the files noted as they are now"
        ) from None


def take_in(lake: Path, landed: Iterable[Path] = ()) -> list[str]:
    """Note the files that have no entry; returns the names of those that are not among `landed`.

    Raises UsageError where a file can't be read or the manifest can't be written.
    """
    known = read_manifest(lake)
    found = {_name(path): path for path in sorted(lake.glob("*/*.parquet"))}
    new = {name: _entry(path) for name, path in found.items() if name not in known}
    if new:
        _write(lake, known | new)
    return sorted(set(new) - set(map(_name, landed)))


def forget(lake: Path, files: Iterable[Path]) -> None:
    """Drop the entries of files that are about to be replaced."""
    known, names = read_manifest(lake), set(map(_name, files))
    if names & known.keys():
        _write(lake, {name: entry for name, entry in known.items() if name not in names})


def forget_unless_changed(path: Path) -> None:
    """The same of one file; one that had changed before stays known as it landed."""
    lake = path.parents[1]
    entry = read_manifest(lake).get(_name(path))
    if entry is not None and not isinstance(_compare(path, entry), str):
        forget(lake, [path])


def find_problems(lake: Path) -> list[Problem]:
    """Files that are missing or of another size, or of another time and another hash.

    A file of another time and the same hash, such as a restored one, is noted with that time.
    """
    known = read_manifest(lake)
    found = {name: _compare(lake / name, entry) for name, entry in known.items()}
    touched = {
        name: replace(known[name], modified=state)
        for name, state in found.items()
        if isinstance(state, int) and state != known[name].modified
    }
    if touched:
        _write(lake, known | touched)
    return [Problem(name, state) for name, state in found.items() if isinstance(state, str)]


def settle(lake: Path, problems: Iterable[Problem]) -> None:
    """Note files that somebody has accepted as they are now."""
    forget(lake, [lake / problem.name for problem in problems])
    take_in(lake)


def verify(lake: Path) -> tuple[list[Problem], list[str], int]:
    """Read every file whole: what is wrong, the names of those without an entry, and all rows."""
    known = read_manifest(lake)
    found = {_name(path): path for path in sorted(lake.glob("*/*.parquet"))}
    problems, rows = [], 0
    for name in sorted(known.keys() | found.keys()):
        read = _verify_file(lake / name, known.get(name))
        if isinstance(read, str):
            problems.append(Problem(name, read))
        else:
            rows += read
    return problems, sorted(found.keys() - known.keys()), rows


def _verify_file(path: Path, entry: Entry | None) -> int | str:
    """The rows of a file that is as it landed and of which all columns can be read, or a reason."""
    try:
        if entry is not None and _hash(path) != entry.sha256:
            return CHANGED
        with pq.ParquetFile(path) as file:
            rows = sum(batch.num_rows for batch in file.iter_batches())
    except FileNotFoundError:
        return MISSING
    except (OSError, pa.ArrowException) as error:
        # Only the kind of the error: its text may quote values.
        return f"can't be read ({type(error).__name__})"
    is_whole = entry is None or rows == entry.rows
    return rows if is_whole else f"has {rows:,} rows instead of {entry.rows:,}"


def _compare(path: Path, entry: Entry) -> int | str:
    """The time of modification of a file that is as it landed, else what is wrong with it."""
    try:
        status = path.stat()
        if status.st_size != entry.size:
            return CHANGED
        if status.st_mtime_ns != entry.modified and _hash(path) != entry.sha256:
            return CHANGED
    except FileNotFoundError:
        return MISSING
    except OSError as error:
        return f"can't be read ({error.strerror})"
    return status.st_mtime_ns


def _entry(path: Path) -> Entry:
    try:
        status = path.stat()
        rows = pq.read_metadata(path).num_rows
        return Entry(rows, status.st_size, status.st_mtime_ns, _hash(path))
    except (OSError, pa.ArrowException) as error:
        raise UsageError(
            f"{path} can't be read ({type(error).__name__}); restore it, or delete it and load its"
            " source again"
        ) from None


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _write(lake: Path, entries: Entries) -> None:
    files = {name: asdict(entry) for name, entry in sorted(entries.items())}
    text = json.dumps({"format": FORMAT_VERSION, "files": files}, indent=1)
    try:
        write_whole(lake / MANIFEST_NAME, text)
        (lake / MANIFEST_NAME).chmod(0o600)
    except OSError as error:
        raise UsageError(
            f"{lake / MANIFEST_NAME} could not be written ({error.strerror}); run it again"
        ) from None
