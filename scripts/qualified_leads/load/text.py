"""Frame the records of CSV and JSON-lines files, independently of the parser that reads them.

A record is what Python's csv module calls a row: a quote opens a field only as its first
character, a doubled quote inside stands for one, and CR, LF or CRLF outside quotes ends the record.
A record without a character in any field is none, as a blank line is none. One that ends early
has null in its missing last fields; one with more fields than the header has to have blanks there.
Framing is done on bytes, in chunks, so that memory doesn't grow with the file. Files in which every
quote is where it belongs (nearly all) are framed with numpy by the parity of the quotes before a
line break; the others with a regular expression, record by record.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qualified_leads.errors import UsageError
from qualified_leads.load.bounds import LONGEST_RECORD

CHUNK_BYTES = 8 << 20
LONGEST_HEADER = 1 << 20
# Lines of a report before its header (title, period, account) that are looked through.
MOST_PREAMBLE = 50
# A control character that JSON text can't hold and that therefore never splits a JSON line.
JSON_DELIMITER = "\x01"

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Advance = Callable[[int], None]

_LF, _CR, _QUOTE = 10, 13, 34
_BREAK = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
_RECORD = re.compile(rb'(?:"(?:[^"]|"")*"|[^"\r\n])*+')


@dataclass(frozen=True)
class Dialect:
    """How the bytes of a file split into records and fields; without quotes for JSON lines."""

    delimiter: str
    has_quotes: bool = True

    @property
    def delimiter_byte(self) -> int:
        return ord(self.delimiter)

    @property
    def forbidden(self) -> Flags:
        """Which of the 256 byte values spoil a record: NUL, in JSON any control character."""
        table = np.zeros(256, dtype=np.bool_)
        table[0] = True
        if not self.has_quotes:
            table[1:32] = True
            table[[9, _LF, _CR]] = False
        return table


@dataclass(frozen=True)
class Batch:
    """Consecutive records. `starts` and `ends` are byte offsets (end without line break), `lines`
    the physical line of each start, from 1."""

    starts: Integers
    ends: Integers
    lines: Integers
    fields: Integers
    is_forbidden: Flags
    is_malformed: Flags
    is_odd: (
        Flags  # holds a quote inside an unquoted field, which only Python's csv reads for certain
    )
    is_blank: Flags


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


@dataclass
class Scan:
    """What framing a whole file found; `dropped` are the records that no parser gets to see."""

    record_count: int = 0
    longest: int = 0
    is_exact: bool = False
    needs_copy: bool = False
    line_break: bytes = b"\n"  # of what DuckDB reads: the file, or the copy
    dropped: dict[str, list[Integers]] = field(default_factory=dict)
    short_count: int = 0  # records whose last fields are missing
    long_count: int = 0  # records with blank fields beyond the last column

    @property
    def dropped_count(self) -> int:
        return sum(len(part) for parts in self.dropped.values() for part in parts)


class _OddQuote(Exception):
    """A quote that parity can't frame; the file is framed record by record instead."""


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


def scan(source: TextFile, header: Header, advance: Advance) -> Scan:
    """Count and check every record of the file.

    Raises UsageError where a quote is never closed, with the line on which it opens.
    """
    try:
        return _scan(source, header, False, advance)
    except _OddQuote:
        return _scan(source, header, True, lambda _: None)


def _scan(source: TextFile, header: Header, is_exact: bool, advance: Advance) -> Scan:
    result = Scan(is_exact=is_exact, needs_copy=is_exact or not header.is_plain)
    breaks = {header.line_break} if header.line_break else set()
    for batch in frame(source, header, is_exact, advance, breaks):
        kept = ~batch.is_blank
        result.needs_copy |= not kept.all()
        if kept.any():
            result.longest = max(result.longest, int((batch.ends - batch.starts).max()))
        _note_defects(result, source, header, batch, kept)
        result.record_count += int(kept.sum())
    # DuckDB reads one kind of line break per file, LF or that of the header.
    result.needs_copy |= len(breaks) > 1 or breaks == {b"\r"} or result.dropped_count > 0
    if len(breaks) == 1 and not result.needs_copy:
        result.line_break = breaks.pop()
    return result


def _note_defects(
    result: Scan, source: TextFile, header: Header, batch: Batch, kept: Flags
) -> None:
    for reason, flags in _defects(result, source, header, batch, kept):
        number = result.record_count + np.flatnonzero(flags)
        result.dropped.setdefault(reason, []).append(number)


def _defects(
    result: Scan, source: TextFile, header: Header, batch: Batch, kept: Flags
) -> Iterator[tuple[str, Flags]]:
    """Yield (reason, which of the kept records); a record has one reason at most."""
    open_ = np.ones(int(kept.sum()), dtype=np.bool_)
    width = len(header.names)
    fields = batch.fields[kept]
    kinds: list[tuple[str, Flags]] = []
    if batch.is_forbidden.any():
        what = "NUL byte" if header.dialect.has_quotes else "control character"
        kinds.append((f"record: {what}", batch.is_forbidden[kept]))
    if batch.is_malformed.any():
        kinds.append(("record: text after a closing quote", batch.is_malformed[kept]))
    ragged = fields != width
    if header.dialect.has_quotes and ragged.any():
        long = fields > width
        full = _beyond(source, header, batch, np.flatnonzero(kept), long)
        kinds.append((f"record: too many fields, expected {width}", full))
        result.needs_copy = True
        result.short_count += int((fields < width).sum())
        result.long_count += int((long & ~full).sum())
    for reason, flags in kinds:
        if (found := flags & open_).any():
            open_ &= ~found
            yield reason, found


def _beyond(
    source: TextFile, header: Header, batch: Batch, kept: Integers, is_long: Flags
) -> Flags:
    """Which of the kept records hold anything beyond the last column."""
    result = np.zeros(len(kept), dtype=np.bool_)
    _, one = _patterns(header.dialect)
    separator, width = header.dialect.delimiter.encode(), len(header.names)
    for place in np.flatnonzero(is_long):
        body = source.read(int(batch.starts[kept[place]]), int(batch.ends[kept[place]]))
        result[place] = not all(map(_is_blank, _parts(body, one, separator)[width:]))
    return result


def _is_blank(part: bytes) -> bool:
    return not (part[1:-1] if part[:1] == b'"' else part).strip()


def _parts(body: bytes, one: re.Pattern[bytes], separator: bytes) -> list[bytes]:
    """Split a record into its fields as they are written."""
    return one.findall(body) if b'"' in body else body.split(separator)


def frame(
    source: TextFile, header: Header, is_exact: bool, advance: Advance, breaks: set[bytes]
) -> Iterator[Batch]:
    """Yield every record in order, blank ones included; add the kinds of line break to `breaks`."""
    if is_exact:
        return _frame_exactly(source, header, advance)
    return _Parity(source, header, advance, breaks).batches()


class _Parity:
    """Frames a file in which every quote is where it belongs, a chunk at a time."""

    def __init__(
        self, source: TextFile, header: Header, advance: Advance, breaks: set[bytes]
    ) -> None:
        self.source, self.dialect = source, header.dialect
        self.advance, self.kinds = advance, breaks
        self.forbidden = header.dialect.forbidden
        self.begin = header.first_byte
        self.record_start, self.record_line = header.first_byte, header.first_line
        self.line_breaks = header.first_line - 1
        self.quotes = 0
        self.open_quote_line = 0
        self.fields = 0
        self.has_forbidden = False

    def batches(self) -> Iterator[Batch]:
        for low in range(self.begin, self.source.size, CHUNK_BYTES):
            high = min(low + CHUNK_BYTES, self.source.size)
            yield self._chunk(low, high)
            self.advance(high - low)
            if high - self.record_start > LONGEST_RECORD:
                raise _too_long(self.source.name, self.record_line)
        if self.quotes % 2:
            raise UsageError(
                f"{self.source.name}: the quote that opens on line {self.open_quote_line} "
                "is never closed"
            )
        if self.record_start < self.source.size:
            yield self._batch(
                np.array([self.source.size]),
                np.array([self.source.size]),
                np.array([self.record_line]),
                np.array([self.fields + 1]),
                np.array([self.has_forbidden]),
            )

    def _chunk(self, low: int, high: int) -> Batch:
        # One byte more on either side, to see what a quote or a CR at the edge touches.
        text = self.source.read(max(low - 1, 0), high + 1)
        around = np.frombuffer(text, dtype=np.uint8)
        shift = low - max(low - 1, 0)
        window = around[shift : shift + high - low]
        quotes = self._quotes(window, around, shift, low)
        breaks = self._breaks(window, around, shift)
        self._locate_open_quote(quotes, breaks)
        outside = breaks[self._is_outside(quotes, breaks)]
        delimiters = np.flatnonzero(window == self.dialect.delimiter_byte)
        delimiters = delimiters[self._is_outside(quotes, delimiters)]
        bad = np.flatnonzero(self.forbidden[window])
        self.quotes += len(quotes)
        batch = self._records(window, around, shift, low, outside, breaks, delimiters, bad)
        self.line_breaks += len(breaks)
        return batch

    def _quotes(self, window: npt.NDArray, around: npt.NDArray, shift: int, low: int) -> Integers:
        if not self.dialect.has_quotes:
            return np.empty(0, dtype=np.int64)
        quotes = np.flatnonzero(window == _QUOTE)
        if not len(quotes):
            return quotes
        edges = np.zeros(256, dtype=np.bool_)
        edges[[self.dialect.delimiter_byte, _LF, _CR, _QUOTE]] = True
        opens = (self.quotes + np.arange(len(quotes))) % 2 == 0
        before = edges[around[quotes + shift - 1]] | (quotes + low == self.begin)
        last = quotes + shift + 1 >= len(around)
        after = edges[around[np.where(last, 0, quotes + shift + 1)]] | last
        if not np.where(opens, before, after).all():
            raise _OddQuote
        return quotes

    def _breaks(self, window: npt.NDArray, around: npt.NDArray, shift: int) -> Integers:
        feeds = np.flatnonzero(window == _LF)
        returns = np.flatnonzero(window == _CR)
        if not len(returns):
            return feeds
        following = returns + shift + 1
        last = following >= len(around)
        alone = returns[last | (around[np.where(last, 0, following)] != _LF)]
        return np.sort(np.concatenate([feeds, alone])) if len(alone) else feeds

    def _is_outside(self, quotes: Integers, positions: Integers) -> Flags:
        if not len(quotes):
            return np.full(len(positions), self.quotes % 2 == 0)
        return (self.quotes + np.searchsorted(quotes, positions)) % 2 == 0

    def _locate_open_quote(self, quotes: Integers, breaks: Integers) -> None:
        if len(quotes) and (self.quotes + len(quotes)) % 2:
            before = int(np.searchsorted(breaks, quotes[-1]))
            self.open_quote_line = self.line_breaks + before + 1

    def _records(
        self,
        window: npt.NDArray,
        around: npt.NDArray,
        shift: int,
        low: int,
        outside: Integers,
        breaks: Integers,
        delimiters: Integers,
        bad: Integers,
    ) -> Batch:
        count = len(outside)
        seen = np.searchsorted(delimiters, outside)
        fields = np.diff(seen, prepend=0) + 1
        is_forbidden = np.zeros(count, dtype=np.bool_)
        owners = np.searchsorted(outside, bad)
        is_forbidden[owners[owners < count]] = True
        next_lines = self.line_breaks + np.searchsorted(breaks, outside) + 2
        lines = np.concatenate([[self.record_line], next_lines])
        if count:
            fields[0] += self.fields
            is_forbidden[0] |= self.has_forbidden
            self.has_forbidden, self.fields = False, 0
            is_feed = window[outside] == _LF
            # Byte -1 of the very first chunk is the last one: no record there can end in CRLF.
            is_pair = is_feed & (around[outside + shift - 1] == _CR) & (outside + low > 0)
            self._note_kinds(is_feed, is_pair)
        else:
            is_pair = np.zeros(0, dtype=np.bool_)
        self.fields += len(delimiters) - (int(seen[-1]) if count else 0)
        self.has_forbidden |= bool((owners >= count).any())
        batch = self._batch(
            outside + low + 1, outside + low - is_pair, lines[:-1], fields, is_forbidden
        )
        self.record_line = int(lines[-1])
        return batch

    def _note_kinds(self, is_feed: Flags, is_pair: Flags) -> None:
        if is_pair.any():
            self.kinds.add(b"\r\n")
        if (is_feed & ~is_pair).any():
            self.kinds.add(b"\n")
        if not is_feed.all():
            self.kinds.add(b"\r")

    def _batch(
        self, nexts: Integers, ends: Integers, lines: Integers, fields: Integers, bad: Flags
    ) -> Batch:
        starts = np.concatenate([[self.record_start], nexts[:-1]]) if len(nexts) else nexts
        ends = np.maximum(ends, starts)
        if len(nexts):
            self.record_start = int(nexts[-1])
        none = np.zeros(len(nexts), dtype=np.bool_)
        is_blank = ends - starts == fields - 1
        if self.dialect.has_quotes:
            self._mark_empty_quotes(starts, ends, fields, is_blank)
        else:
            self._mark_white_lines(starts, ends, is_blank)
        return Batch(starts, ends, lines, fields, bad, none, none, is_blank)

    def _mark_empty_quotes(
        self, starts: Integers, ends: Integers, fields: Integers, is_blank: Flags
    ) -> None:
        """A record may also be of nothing but empty quotes; few are as short as that."""
        for number in np.flatnonzero(~is_blank & (ends - starts <= 3 * fields - 1)):
            low, high = int(starts[number]), int(ends[number])
            if self.source.read(low, low + 1) in (b'"', self.dialect.delimiter.encode()):
                parts = self.source.read(low, high).split(self.dialect.delimiter.encode())
                is_blank[number] = all(part in (b"", b'""') for part in parts)

    def _mark_white_lines(self, starts: Integers, ends: Integers, is_blank: Flags) -> None:
        """In JSON lines a line of white space is no record either; few lines begin with it."""
        if not len(starts):
            return
        text = self.source.read(int(starts[0]), int(ends[-1]) + 1)
        firsts = np.frombuffer(text + b"\n", dtype=np.uint8)[starts - starts[0]]
        for number in np.flatnonzero((firsts == 32) | (firsts == 9)):
            low, high = int(starts[number] - starts[0]), int(ends[number] - starts[0])
            is_blank[number] |= not text[low:high].strip()


def _too_long(name: str, line: int) -> UsageError:
    return UsageError(
        f"{name}: the record on line {line} is longer than {LONGEST_RECORD >> 20} MB; "
        "a quote on that line is probably not closed"
    )


@dataclass
class _Rows:
    """Columns of a Batch in the making."""

    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    fields: list[int] = field(default_factory=list)
    is_forbidden: list[bool] = field(default_factory=list)
    is_malformed: list[bool] = field(default_factory=list)
    is_odd: list[bool] = field(default_factory=list)
    is_blank: list[bool] = field(default_factory=list)

    def batch(self) -> Batch:
        starts = np.array(self.starts, dtype=np.int64)
        ends = np.array(self.ends, dtype=np.int64)
        return Batch(
            starts,
            ends,
            np.array(self.lines, dtype=np.int64),
            np.array(self.fields, dtype=np.int64),
            np.array(self.is_forbidden, dtype=np.bool_),
            np.array(self.is_malformed, dtype=np.bool_),
            np.array(self.is_odd, dtype=np.bool_),
            np.array(self.is_blank, dtype=np.bool_),
        )


def _patterns(dialect: Dialect) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return the patterns of a record with its line break, and of one field."""
    separator = re.escape(dialect.delimiter.encode())
    plain = rb"[^\r\n" + separator + rb"]*+"
    one = rb'(?:"(?:[^"]++|"")*+"' + plain + rb'|(?!")' + plain + rb")"
    record = re.compile(rb"(" + one + rb"(?:" + separator + one + rb")*+)(\r\n|\n|\r|\Z)")
    return record, re.compile(rb"(?:^|" + separator + rb")(" + one + rb")")


def _frame_exactly(source: TextFile, header: Header, advance: Advance) -> Iterator[Batch]:
    record, one = _patterns(header.dialect)
    rows = _Rows()
    text, position = b"", 0
    offset, line = header.first_byte, header.first_line
    read_to = offset
    while True:
        found = record.match(text, position)
        # A match that touches the end of what was read may go on, and so may a lone CR.
        if found is None or found.end() >= len(text):
            if read_to < source.size:
                if len(text) - position > LONGEST_RECORD:
                    raise _too_long(source.name, line)
                chunk = source.read(read_to, read_to + CHUNK_BYTES)
                text, position = text[position:] + chunk, 0
                read_to += len(chunk)
                advance(len(chunk))
                if chunk:
                    continue
            if found is None:
                raise UsageError(
                    f"{source.name}: a quote in the record on line {line} is never closed"
                )
            if position >= len(text):
                break
        body = found.group(1)
        _add_record(rows, header.dialect, one, source.name, body, offset, line)
        line += len(_BREAK.findall(found.group(0))) if b"\n" in body or b"\r" in body else 1
        offset += found.end() - position
        position = found.end()
        if len(rows.starts) >= 100_000:
            yield rows.batch()
            rows = _Rows()
    yield rows.batch()


def _add_record(
    rows: _Rows,
    dialect: Dialect,
    one: re.Pattern[bytes],
    name: str,
    body: bytes,
    offset: int,
    line: int,
) -> None:
    delimiter = dialect.delimiter.encode()
    parts = _parts(body, one, delimiter)
    malformed = [part for part in parts if part[:1] == b'"' and not _is_closed(part)]
    if any(_BREAK.search(part) for part in malformed):
        # Text after the closing quote of a field of several lines: the quotes are out of step, and
        # good records would hide inside this one.
        raise UsageError(f"{name}: the quotes of the record on line {line} do not pair up")
    rows.starts.append(offset)
    rows.ends.append(offset + len(body))
    rows.lines.append(line)
    rows.fields.append(len(parts))
    rows.is_forbidden.append(b"\0" in body)
    rows.is_malformed.append(bool(malformed))
    rows.is_odd.append(any(part[:1] != b'"' and b'"' in part for part in parts))
    rows.is_blank.append(all(part in (b"", b'""') for part in parts))


def _is_closed(part: bytes) -> bool:
    """Whether a field that begins with a quote ends with the quote that closes it."""
    return re.fullmatch(rb'"(?:[^"]++|"")*+"', part) is not None


def write_copy(source: TextFile, header: Header, scanned: Scan, target: Path) -> None:
    """Write the records that are left, without header, blank lines and defects, LF after each."""
    dropped = _dropped_numbers(scanned)
    _, one = _patterns(header.dialect)
    number = 0
    with target.open("wb") as sink:
        for batch in frame(source, header, scanned.is_exact, lambda _: None, set()):
            kept = np.flatnonzero(~batch.is_blank)
            numbers = number + np.arange(len(kept))
            number += len(kept)
            kept = kept[~np.isin(numbers, dropped, assume_unique=True)]
            if len(kept):
                sink.write(_joined(source, batch, kept, one, header))


def _joined(
    source: TextFile, batch: Batch, kept: Integers, one: re.Pattern[bytes], header: Header
) -> bytes:
    low = int(batch.starts[kept[0]])
    text = source.read(low, int(batch.ends[kept[-1]]))
    separator = header.dialect.delimiter.encode()
    width = len(header.names) if header.dialect.has_quotes else 1
    lines = []
    starts, ends = (batch.starts[kept] - low).tolist(), (batch.ends[kept] - low).tolist()
    counts, odd = batch.fields[kept].tolist(), batch.is_odd[kept].tolist()
    for start, end, count, is_odd in zip(starts, ends, counts, odd, strict=True):
        body = text[start:end]
        if is_odd:
            body = separator.join(_quoted(part) for part in one.findall(body))
        if count < width:
            body += separator * (width - count)
        elif count > width:
            body = separator.join(_parts(body, one, separator)[:width])
        lines.append(body)
    return b"\n".join(lines) + b"\n"


def _quoted(part: bytes) -> bytes:
    if part[:1] == b'"' or b'"' not in part:
        return part
    return b'"' + part.replace(b'"', b'""') + b'"'


def _dropped_numbers(scanned: Scan) -> Integers:
    parts = [part for parts in scanned.dropped.values() for part in parts]
    return np.sort(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)


def record_numbers(scanned: Scan, rows: Integers) -> Integers:
    """Return the record numbers (from 0) of the rows (from 0) that the parser read."""
    dropped = _dropped_numbers(scanned)
    return rows + np.searchsorted(dropped - np.arange(len(dropped)), rows, side="right")


def fetch(
    source: TextFile, header: Header, scanned: Scan, numbers: Integers
) -> Iterator[tuple[Integers, Integers, list[str]]]:
    """Yield (index into `numbers`, line, text) for the records of these ascending numbers."""
    first = 0
    for batch in frame(source, header, scanned.is_exact, lambda _: None, set()):
        kept = np.flatnonzero(~batch.is_blank)
        low, high = np.searchsorted(numbers, [first, first + len(kept)])
        chosen = kept[numbers[low:high] - first]
        first += len(kept)
        for part in np.array_split(np.arange(low, high), max(1, (high - low) // 10_000)):
            some = chosen[part - low]
            texts = [
                source.read(int(start), int(end)).decode()
                for start, end in zip(batch.starts[some], batch.ends[some], strict=True)
            ]
            if len(part):
                yield part, batch.lines[some], texts
        if first > (numbers[-1] if len(numbers) else -1):
            return
