"""Frame the records of CSV and JSON-lines files, independently of the parser that reads them.

A record is what Python's csv module calls a row, and that module finds it: a quote opens a field
only as its first character, a doubled quote inside stands for one, and CR, LF or CRLF outside
quotes ends the record. A record without a character in any field is none, as a blank line is none.

The module gets the bytes as Latin-1, in which each is one character, and says how many physical
lines a row took; numpy knows where these are, and in which records a quote is not where it belongs.
What is wrong with those few is looked up in their bytes. Memory doesn't grow with the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from qualified_leads.errors import UsageError
from qualified_leads.load.bounds import LONGEST_RECORD
from qualified_leads.load.text import Dialect, Header, TextFile

CHUNK_BYTES = 8 << 20

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Advance = Callable[[int], None]

BREAKS = (b"", b"\n", b"\r\n", b"\r")
_LENGTHS = np.array([len(one) for one in BREAKS], dtype=np.int64)
_LF, _CR, _QUOTE = 10, 13, 34
_BREAK = re.compile(rb"\r\n|\n|\r")
_BLANKS = " \t\n\r\x0b\x0c"
# JSON text may hold these escaped only; in CSV NUL alone is refused.
_CONTROL = np.isin(np.arange(256), [one for one in range(32) if one not in (9, _LF, _CR)])


@dataclass(frozen=True)
class Batch:
    """Consecutive records. `starts` and `ends` are byte offsets (end without line break), `lines`
    the physical line of each start, from 1."""

    starts: Integers
    ends: Integers
    lines: Integers
    fields: Integers
    is_forbidden: Flags  # holds NUL or, in JSON, any control character
    is_malformed: Flags  # has text after the closing quote of a field
    is_odd: Flags  # holds a quote inside an unquoted field, which DuckDB may read otherwise
    is_overfull: Flags  # holds anything beyond the last column
    is_blank: Flags


def frame(
    source: TextFile,
    header: Header,
    advance: Advance = lambda _: None,
    breaks: set[bytes] | None = None,
) -> Iterator[Batch]:
    """Yield every record in order, blank ones included; add the kinds of line break to `breaks`.

    Raises UsageError with the line of a record that is too long, whose quote is never closed, or
    in which quotes are out of step.
    """
    kind = _CsvFraming if header.dialect.has_quotes else _LineFraming
    return kind(source, header, advance, set() if breaks is None else breaks).batches()


@dataclass
class _Lines:
    """Physical lines: where each ends, its break included, and which of BREAKS that is.

    `quotes` are byte offsets, each with whether a field can begin there and whether one can end;
    `bad` are offsets of bytes that spoil a record.
    """

    ends: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    breaks: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    quotes: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    can_open: Flags = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    can_close: Flags = field(default_factory=lambda: np.empty(0, dtype=np.bool_))
    bad: Integers = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __add__(self, other: _Lines) -> _Lines:
        joined = (np.concatenate(pair) for pair in zip(self._all(), other._all(), strict=True))
        return _Lines(*joined)

    def split(self, count: int) -> tuple[_Lines, _Lines]:
        """The first `count` lines, and the others."""
        end = int(self.ends[count - 1]) if count else 0
        quotes, bad = np.searchsorted(self.quotes, end), np.searchsorted(self.bad, end)
        places = (count, count, quotes, quotes, quotes, bad)
        parts = [np.split(one, [at]) for one, at in zip(self._all(), places, strict=True)]
        return _Lines(*(part[0] for part in parts)), _Lines(*(part[1] for part in parts))

    def _all(self) -> tuple[npt.NDArray, ...]:
        return self.ends, self.breaks, self.quotes, self.can_open, self.can_close, self.bad


class _Framing:
    """One pass over the records of a file."""

    def __init__(
        self, source: TextFile, header: Header, advance: Advance, breaks: set[bytes]
    ) -> None:
        self.source, self.dialect, self.width = source, header.dialect, len(header.names)
        self.advance, self.breaks = advance, breaks
        self.begin, self.line = header.first_byte, header.first_line  # of the next record
        self.ahead = _Lines()  # those that are read and not in a batch yet

    def batches(self) -> Iterator[Batch]:
        raise NotImplementedError

    def _pieces(self) -> Iterator[bytes]:
        """Yield the file in pieces of whole lines, and note these."""
        rest, low, read_to = b"", self.begin, self.begin
        while chunk := self.source.read(read_to, read_to + CHUNK_BYTES):
            read_to += len(chunk)
            self.advance(len(chunk))
            text = rest + chunk
            ends, breaks = _line_ends(text)
            if len(ends) and text.endswith(b"\r"):  # it may be half of a CRLF
                ends, breaks = ends[:-1], breaks[:-1]
            cut = int(ends[-1]) if len(ends) else 0
            rest = text[cut:]
            if cut:
                self.ahead += self._noted(text[:cut], ends, breaks, low)
                yield text[:cut]
                low += cut
            start, line = self._current()
            if read_to - start > LONGEST_RECORD:
                raise UsageError(
                    f"{self.source.name}: the record on line {line} is longer than"
                    f" {LONGEST_RECORD >> 20} MB; a quote on that line is probably not closed"
                )
        if rest:
            ends, breaks = _line_ends(rest)
            if not len(ends):
                ends, breaks = np.array([len(rest)]), np.array([0])
            self.ahead += self._noted(rest, ends, breaks, low)
            yield rest

    def _current(self) -> tuple[int, int]:
        """Where the record begins that goes on in what is read next, and its line."""
        return self.begin, self.line

    def _noted(self, text: bytes, ends: Integers, breaks: Integers, low: int) -> _Lines:
        raise NotImplementedError

    def _taken(self, lasts: Integers) -> tuple[_Lines, Integers, Integers, Integers]:
        """Lines, starts, ends and first lines of records that end with these of the lines ahead.

        `lasts` counts from 1.
        """
        lines, self.ahead = self.ahead.split(int(lasts[-1]))
        nexts, breaks = lines.ends[lasts - 1], lines.breaks[lasts - 1]
        starts = np.concatenate([[self.begin], nexts[:-1]])
        firsts = self.line + np.concatenate([[0], lasts[:-1]])
        self.begin, self.line = int(nexts[-1]), self.line + int(lasts[-1])
        self.breaks |= {BREAKS[one] for one in np.unique(breaks) if one}
        return lines, starts, nexts - _LENGTHS[breaks], firsts


class _LineFraming(_Framing):
    """JSON lines: each line is a record, of one field; one of white space is blank."""

    def batches(self) -> Iterator[Batch]:
        for text in self._pieces():
            low = self.begin
            count = len(self.ahead.ends)
            lines, starts, ends, firsts = self._taken(np.arange(1, count + 1))
            none = np.zeros(count, dtype=np.bool_)
            is_blank = ends == starts
            initials = np.frombuffer(text, dtype=np.uint8)[starts - low]
            for number in np.flatnonzero((initials == 32) | (initials == 9)):
                is_blank[number] = not text[starts[number] - low : ends[number] - low].strip()
            yield Batch(
                starts,
                ends,
                firsts,
                fields=np.ones(count, dtype=np.int64),
                is_forbidden=_holding(starts, lines.bad),
                is_malformed=none,
                is_odd=none,
                is_overfull=none,
                is_blank=is_blank,
            )

    def _noted(self, text: bytes, ends: Integers, breaks: Integers, low: int) -> _Lines:
        window = np.frombuffer(text, dtype=np.uint8)
        return _Lines(ends + low, breaks, bad=np.flatnonzero(_CONTROL[window]) + low)


class _CsvFraming(_Framing):
    """CSV, as Python's csv module reads it."""

    def __init__(
        self, source: TextFile, header: Header, advance: Advance, breaks: set[bytes]
    ) -> None:
        super().__init__(source, header, advance, breaks)
        self.record, self.one = patterns(header.dialect)
        self.lines_taken = self.rows_end = 0  # lines in batches, lines in rows
        self.piece = 0
        self.edges = np.zeros(256, dtype=np.bool_)
        self.edges[[ord(header.dialect.delimiter), _LF, _CR, _QUOTE]] = True

    def batches(self) -> Iterator[Batch]:
        reader = csv.reader(
            chain.from_iterable(self._texts()), delimiter=self.dialect.delimiter, strict=False
        )
        while (batch := self._batch(reader)) is not None:
            yield batch

    def _texts(self) -> Iterator[io.TextIOWrapper]:
        """Yield the lines of each piece, with their breaks."""
        for piece in self._pieces():
            self.piece += 1
            yield io.TextIOWrapper(io.BytesIO(piece), "latin-1", newline="")

    def _current(self) -> tuple[int, int]:
        ahead = self.rows_end - self.lines_taken
        start = int(self.ahead.ends[ahead - 1]) if ahead else self.begin
        return start, self.line + ahead

    def _noted(self, text: bytes, ends: Integers, breaks: Integers, low: int) -> _Lines:
        window = np.frombuffer(text, dtype=np.uint8)
        quotes = np.flatnonzero(window == _QUOTE)
        can_open = self.edges[window[quotes - 1]] | (quotes == 0)
        last = len(window) - 1
        can_close = self.edges[window[np.minimum(quotes + 1, last)]] | (quotes == last)
        bad = np.flatnonzero(window == 0) if b"\0" in text else np.empty(0, dtype=np.int64)
        return _Lines(ends + low, breaks, quotes + low, can_open, can_close, bad + low)

    def _batch(self, reader: Any) -> Batch | None:
        """The next records, about as many as there are in a piece; None after the last."""
        fields, lasts, filled, overfull = [], [], [], []
        width, before, piece = self.width, self.lines_taken, max(self.piece, 1)
        longest_field = csv.field_size_limit(2 * LONGEST_RECORD)
        try:
            for row in reader:
                count = len(row)
                fields.append(count)
                self.rows_end = reader.line_num
                lasts.append(self.rows_end)
                filled.append(any(row))
                if count > width and any(cell.strip(_BLANKS) for cell in row[width:]):
                    overfull.append(len(fields) - 1)
                if self.piece != piece:
                    break
        finally:
            csv.field_size_limit(longest_field)
        if not fields:
            return None
        self.lines_taken = self.rows_end
        lines, starts, ends, firsts = self._taken(np.array(lasts) - before)
        is_malformed, is_odd = self._misquoted(lines, starts, ends, firsts)
        is_overfull = np.zeros(len(starts), dtype=np.bool_)
        is_overfull[overfull] = True
        return Batch(
            starts,
            ends,
            firsts,
            np.array(fields),
            _holding(starts, lines.bad),
            is_malformed,
            is_odd,
            is_overfull,
            is_blank=~np.array(filled),
        )

    def _misquoted(
        self, lines: _Lines, starts: Integers, ends: Integers, firsts: Integers
    ) -> tuple[Flags, Flags]:
        """Which records are malformed, and which odd."""
        is_malformed = np.zeros(len(starts), dtype=np.bool_)
        is_odd = is_malformed.copy()
        for number in _suspects(lines, starts):
            line = firsts[number]
            body = self.source.read(int(starts[number]), int(ends[number]))
            if self.record.fullmatch(body) is None:
                raise UsageError(
                    f"{self.source.name}: a quote in the record on line {line} is never closed"
                )
            parts = self.one.findall(body)
            malformed = [part for part in parts if part[:1] == b'"' and not _is_closed(part)]
            if any(_BREAK.search(part) for part in malformed):
                # Text after the closing quote of a field of several lines: the quotes are out of
                # step, and good records would hide inside this one.
                raise UsageError(
                    f"{self.source.name}: the quotes of the record on line {line} do not pair up"
                )
            is_malformed[number] = bool(malformed)
            is_odd[number] = any(part[:1] != b'"' and b'"' in part for part in parts)
        return is_malformed, is_odd


def _line_ends(text: bytes) -> tuple[Integers, Integers]:
    """Where each line ends, its break included, and which of BREAKS it has."""
    window = np.frombuffer(text, dtype=np.uint8)
    feeds = np.flatnonzero(window == _LF)
    if b"\r" not in text:
        return feeds + 1, np.ones(len(feeds), dtype=np.int64)
    returns = np.flatnonzero(window == _CR)
    is_last = returns == len(window) - 1
    alone = returns[is_last | (window[np.where(is_last, 0, returns + 1)] != _LF)]
    is_pair = (feeds > 0) & (window[feeds - 1] == _CR)
    ends = np.concatenate([feeds, alone])
    breaks = np.concatenate([np.where(is_pair, 2, 1), np.full(len(alone), 3)])
    order = np.argsort(ends, kind="stable")
    return ends[order] + 1, breaks[order]


def _holding(starts: Integers, places: Integers) -> Flags:
    """Which records hold one of the bytes at these places."""
    result = np.zeros(len(starts), dtype=np.bool_)
    result[np.searchsorted(starts, places, side="right") - 1] = True
    return result


def _suspects(lines: _Lines, starts: Integers) -> Integers:
    """Records whose quotes do not open and close fields by turns."""
    firsts = np.searchsorted(lines.quotes, starts)
    if (
        len(lines.quotes) % 2 == 0
        and not (firsts % 2).any()
        and lines.can_open[0::2].all()
        and lines.can_close[1::2].all()
    ):
        return np.empty(0, dtype=np.int64)
    counts = np.diff(firsts, append=len(lines.quotes))
    is_opening = (np.arange(len(lines.quotes)) - np.repeat(firsts, counts)) % 2 == 0
    is_wrong = ~np.where(is_opening, lines.can_open, lines.can_close)
    wrong = np.repeat(np.arange(len(starts)), counts)[is_wrong]
    return np.union1d(wrong, np.flatnonzero(counts % 2))


def patterns(dialect: Dialect) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return the patterns of a whole record and of one field, as they are written."""
    separator = re.escape(dialect.delimiter.encode())
    plain = rb"[^\r\n" + separator + rb"]*+"
    one = rb'(?:"(?:[^"]++|"")*+"' + plain + rb'|(?!")' + plain + rb")"
    record = re.compile(one + rb"(?:" + separator + one + rb")*+")
    return record, re.compile(rb"(?:^|" + separator + rb")(" + one + rb")")


def _is_closed(part: bytes) -> bool:
    """Whether a field that begins with a quote ends with the quote that closes it."""
    return re.fullmatch(rb'"(?:[^"]++|"")*+"', part) is not None
