"""What is inside of the files that people have: gzip and zip, Excel workbooks, JSON documents.

Each becomes a plain file in the load's workspace (CSV, JSON lines or Parquet), which is then read,
counted and hashed as if it had come like that.
"""

from __future__ import annotations

import csv
import gzip
import json
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path, PurePosixPath
from typing import IO, Any

from openpyxl import load_workbook

from qualified_leads.errors import UsageError
from qualified_leads.failures import naming
from qualified_leads.load.bounds import check_unfolded

# A JSON document and the strings of a workbook are held in memory.
MOST_HELD = 1 << 30
WORKBOOKS = (".xlsx", ".xlsm")
JSONS = (".json", ".jsonl", ".ndjson")
_PIECE = 1 << 22
# A cell counts as so many bytes, as it takes microseconds even if it is blank.
_CELL = 16
# From here on a float has no units digit to trust; a spreadsheet keeps 15 digits.
_EXACT = 10**15


@dataclass(frozen=True)
class Content:
    """A file, or what is inside of one: a member of a zip, a sheet of a workbook.

    `name` is the path below the loaded directory; `inner` are the names, the telling one first,
    that may say table and format.
    """

    path: Path
    name: str
    inner: tuple[PurePosixPath, ...]
    member: str = ""

    @property
    def suffix(self) -> str:
        return self.inner[0].suffix.lower()


def contents(path: Path, name: str) -> list[Content]:
    """Return what is inside of a file, which is the file itself if it is a plain one.

    Raises UsageError where it cannot be opened.
    """
    outer = PurePosixPath(name)
    suffix = outer.suffix.lower()
    if suffix == ".gz":
        return [Content(path, name, (outer.with_suffix(""),))]
    if suffix != ".zip" and suffix not in WORKBOOKS:
        return [Content(path, name, (outer,))]
    members = _members(path, name) if suffix == ".zip" else _sheets(path, name)
    found = []
    for member in members:
        inner = outer.parent / (member if suffix == ".zip" else f"{member}{suffix}")
        # What is alone inside may be known by the name of the file around it.
        names = (inner, outer.with_suffix(inner.suffix)) if len(members) == 1 else (inner,)
        found.append(Content(path, f"{name}/{member}", names, member))
    return found


def _members(path: Path, name: str) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            check_unfolded(name, path, sum(info.file_size for info in archive.infolist()))
            files = [info.filename for info in archive.infolist() if not info.is_dir()]
    except (zipfile.BadZipFile, NotImplementedError):
        raise UsageError(f"{name} is no zip file, or a damaged one") from None
    return sorted(file for file in files if not _is_hidden(file))


def _is_hidden(member: str) -> bool:
    parts = PurePosixPath(member).parts
    return parts[:1] == ("__MACOSX",) or any(part.startswith(".") for part in parts)


def _sheets(path: Path, name: str) -> list[str]:
    with _readable(name), closing(_workbook(path, name)) as book:
        return [sheet.title for sheet in book.worksheets if any(_rows(sheet, "."))]


@contextmanager
def _readable(name: str) -> Iterator[None]:
    """Say of a workbook that it can't be read; openpyxl has no error of its own for that."""
    try:
        with warnings.catch_warnings():
            # Of styles and of cells that it takes for errors, which are then none of their type.
            warnings.simplefilter("ignore")
            yield
    except (UsageError, OSError, MemoryError):
        raise
    except Exception:
        raise UsageError(
            f"{name} is no workbook that can be read; a protected one has to be saved without"
            " its password"
        ) from None


def _workbook(path: Path, name: str) -> Any:
    with zipfile.ZipFile(path) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    check_unfolded(name, path, sum(sizes.values()))
    if sizes.get("xl/sharedStrings.xml", 0) > MOST_HELD:
        raise UsageError(f"{name} has more than {MOST_HELD >> 30} GB of text; save it as csv")
    return load_workbook(path, read_only=True, data_only=True)


def unpack(content: Content, workspace: Path, decimal: str = ".") -> Path:
    """Return the plain file of a content, written to the workspace where it isn't one already.

    Numbers of a workbook get `decimal` as their decimal sign.

    Raises UsageError where it is damaged, locked or too large.
    """
    kind, plain = content.path.suffix.lower(), workspace / "unpacked"
    try:
        if kind == ".gz":
            with gzip.open(content.path) as source:
                _copy(source, plain, content)
        elif kind == ".zip":
            with zipfile.ZipFile(content.path) as archive, archive.open(content.member) as source:
                _copy(source, plain, content)
        elif kind in WORKBOOKS:
            _write_sheet(content, plain, decimal)
        else:
            plain = content.path
    except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error):
        raise UsageError(f"{content.name} is damaged: it can't be unpacked to its end") from None
    except (RuntimeError, NotImplementedError):
        # So says zipfile.
        raise UsageError(f"{content.name} has a password, or a compression nobody knows") from None
    if content.suffix in JSONS and _is_document(plain):
        lines = workspace / "lines"
        _write_lines(plain, lines, content.name)
        return lines
    return plain


def _copy(source: IO[bytes], target: Path, content: Content) -> None:
    unfolded = 0
    with naming(target), target.open("wb") as sink:
        while piece := source.read(_PIECE):
            unfolded += len(piece)
            check_unfolded(content.name, content.path, unfolded)
            sink.write(piece)


def _write_sheet(content: Content, target: Path, decimal: str) -> None:
    with (
        _readable(content.name),
        closing(_workbook(content.path, content.name)) as book,
        naming(target),
        target.open("w", encoding="utf-8", newline="") as sink,
    ):
        writer, unfolded = csv.writer(sink), 0
        for cells, given in _rows(book[content.member], decimal):
            # What a cell holds may stand once in the file for a million cells.
            unfolded += _CELL * given + sum(map(len, cells))
            check_unfolded(content.name, content.path, unfolded)
            writer.writerow(cells)


def _rows(sheet: Any, decimal: str) -> Iterator[tuple[list[str], int]]:
    """Yield the rows of a sheet as text, from the first that isn't blank, without blank ends.

    With each, how many cells the sheet gave for it.
    """
    has_begun = False
    for row in sheet.iter_rows(values_only=True):
        cells = [_cell(value, decimal) for value in row]
        while cells and not cells[-1].strip():
            cells.pop()
        has_begun = has_begun or bool(cells)
        if has_begun:
            yield cells, len(row)


def _cell(value: Any, decimal: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= _EXACT:
        # Its last digits are not those that were typed; as an id it is refused by this form.
        value = float(value)
    if isinstance(value, float):
        is_whole = value.is_integer() and abs(value) < _EXACT
        return str(int(value)) if is_whole else repr(value).replace(".", decimal)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _is_document(path: Path) -> bool:
    """Whether a file is one JSON document and not a JSON object per line."""
    with path.open("rb") as stream:
        first = stream.readline(_PIECE).lstrip(b"\xef\xbb\xbf").strip()
        while not first and (line := stream.readline(_PIECE)):
            first = line.strip()
        if not first.startswith((b"[", b"{")):
            return False
        is_alone = not stream.read(_PIECE).strip()
    if first.startswith(b"["):
        return True
    try:
        record = json.loads(first)
    except RecursionError:
        return False
    except ValueError:
        return first == b"{"
    return is_alone and _listed(record) is not None


def _listed(document: Any) -> list[Any] | None:
    """Return the objects that a document is around, as an API answers; None where it is itself."""
    if isinstance(document, list):
        return document
    lists = [value for value in document.values() if isinstance(value, list) and value]
    lists = [value for value in lists if all(isinstance(one, dict) for one in value)]
    has_text = any(isinstance(value, str) for value in document.values())
    return lists[0] if len(lists) == 1 and not has_text else None


def _write_lines(path: Path, target: Path, name: str) -> None:
    if path.stat().st_size > MOST_HELD:
        raise UsageError(
            f"{name} is one JSON document of more than {MOST_HELD >> 30} GB; write an object per"
            " line instead"
        )
    try:
        # Numbers stay as they are written.
        document = json.loads(path.read_bytes(), parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise UsageError(f"{name} is no JSON document{where}") from None
    records = _listed(document) if isinstance(document, list | dict) else None
    with target.open("w", encoding="utf-8") as sink:
        for record in [document] if records is None else records:
            try:
                sink.write(json.dumps(record, ensure_ascii=False) + "\n")
            except UnicodeEncodeError:
                # One of \ud800 to \udfff without its other half, which no UTF-8 can hold.
                raise UsageError(f"{name} has half a character, as if cut off; mend it") from None
