"""Text files by position, and where their records begin: after a mark, a preamble, the header."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qualified_leads.errors import UsageError

LONGEST_HEADER = 1 << 20
# Lines of a report before its header (title, period, account) that are looked through.
MOST_PREAMBLE = 50
# A control character that JSON text can't hold and that therefore never splits a JSON line.
JSON_DELIMITER = "\x01"

_BREAK = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
_RECORD = re.compile(rb'(?:"(?:[^"]|"")*"|[^"\r\n])*+')


@dataclass(frozen=True)
class Dialect:
    """How the bytes of a file split into records and fields; without quotes for JSON lines."""

    delimiter: str
    has_quotes: bool = True


@dataclass
class Header:
    """The names of a text file's columns and where its records begin."""

    names: list[str]
    dialect: Dialect
    first_byte: int
    first_line: int
    line_break: bytes = b""
    is_plain: bool = True  # the first line of the file, and one line
    preamble: int = 0  # lines before it that nobody said to skip


class TextFile:
    """A file read by position; it is never mapped, since a truncated map kills the process."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.size = path.stat().st_size
        self._descriptor = os.open(path, os.O_RDONLY)

    def __enter__(self) -> TextFile:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes in [start, end), fewer at the end of the file."""
        parts = []
        while start < end and (part := os.pread(self._descriptor, end - start, start)):
            parts.append(part)
            start += len(part)
        return b"".join(parts)


def read_header(
    source: TextFile,
    choose: Callable[[str], str],
    fits: Callable[[list[str]], bool] = lambda names: True,
    skip: int | None = None,
) -> Header | None:
    """Read the first record after `skip` lines that isn't blank; None where there is none.

    `choose` picks the delimiter from the text of the header. Where `skip` is None and the names do
    not fit, the first of the next lines whose names do is the header, and `preamble` says so.
    """
    start = _after_mark(source)
    head = source.read(start, start + LONGEST_HEADER)
    position, line = _after_lines(head, skip or 0)
    try:
        first = _header_at(source.name, head, start, position, line, choose)
        unreadable = None
    except UsageError as error:
        first, unreadable = None, error
    if (first is None and unreadable is None) or skip is not None or (first and fits(first.names)):
        if unreadable:
            raise unreadable
        return first
    for _ in range(MOST_PREAMBLE):
        ahead = _BREAK.search(head, position)
        if ahead is None:
            break
        position, line = ahead.end(), line + 1
        try:
            later = _header_at(source.name, head, start, position, line, choose)
        except UsageError:
            continue
        if later is not None and fits(later.names):
            return replace(later, preamble=line - 1)
    if unreadable:
        raise unreadable
    return first


def _after_mark(source: TextFile) -> int:
    return 3 if source.read(0, 3) == _BOM else 0


def _after_lines(head: bytes, count: int) -> tuple[int, int]:
    """Where `count` physical lines end, and the number of the line that begins there."""
    position = 0
    for number in range(count):
        found = _BREAK.search(head, position)
        if found is None:
            return len(head), number + 1
        position = found.end()
    return position, count + 1


def _header_at(
    name: str, head: bytes, start: int, position: int, line: int, choose: Callable[[str], str]
) -> Header | None:
    """Read the header that begins at `position` of `head`, or after blank lines there."""
    blank = re.compile(rb"[\r\n]*").match(head, position)
    skipped = blank.end() if blank else position
    first_line = line + len(_BREAK.findall(head, position, skipped))
    if not head[skipped:].strip():
        return None
    found = _RECORD.match(head, skipped)
    end = found.end() if found else skipped
    if head[end : end + 1] == b'"':
        raise UsageError(f"{name}: a quote in the header, line {first_line}, is not closed")
    if end == len(head) == LONGEST_HEADER:
        raise UsageError(
            f"{name}: the header, line {first_line}, is longer than {LONGEST_HEADER >> 20} MB; are"
            " rows and columns swapped?"
        )
    text = head[skipped:end].decode(errors="replace")
    delimiter = choose(text)
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error:
        raise UsageError(f"{name}: the header, line {first_line}, is unreadable") from None
    line_break = _BREAK.match(head, end)
    after = line_break.end() if line_break else end
    return Header(
        names=names,
        dialect=Dialect(delimiter),
        first_byte=start + after,
        first_line=first_line + len(_BREAK.findall(head, skipped, after)),
        line_break=line_break.group() if line_break else b"",
        is_plain=skipped == 0 and _BREAK.search(head, skipped, end) is None,
    )


def headless(
    source: TextFile, names: Sequence[str], dialect: Dialect, skip: int = 0
) -> Header | None:
    """Return these names for the records after `skip` lines; None where there is none."""
    start = _after_mark(source)
    position, line = _after_lines(source.read(start, start + (1 << 20)), skip) if skip else (0, 1)
    begin = start + position
    if source.size <= begin:
        return None
    return Header(list(names), dialect, begin, line, is_plain=begin == start)
