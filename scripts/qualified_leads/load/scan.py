"""Count and check every record of a text file, and copy or fetch some of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from qualified_leads.load.records import Advance, Batch, Flags, Integers, frame, patterns
from qualified_leads.load.text import Header, TextFile


@dataclass
class Scan:
    """What framing a whole file found; `dropped` are the records that no parser gets to see."""

    record_count: int = 0
    longest: int = 0
    needs_copy: bool = False
    line_break: bytes = b"\n"  # of what DuckDB reads: the file, or the copy
    dropped: dict[str, list[Integers]] = field(default_factory=dict)
    short_count: int = 0  # records whose last fields are missing
    long_count: int = 0  # records with blank fields beyond the last column

    @property
    def dropped_count(self) -> int:
        return sum(len(part) for parts in self.dropped.values() for part in parts)


def scan(source: TextFile, header: Header, advance: Advance) -> Scan:
    """Count and check every record of the file. Raises UsageError as `frame` does."""
    result = Scan(needs_copy=not header.is_plain)
    breaks = {header.line_break} if header.line_break else set()
    for batch in frame(source, header, advance, breaks):
        kept = ~batch.is_blank
        result.needs_copy |= not kept.all() or bool(batch.is_odd.any())
        if kept.any():
            result.longest = max(result.longest, int((batch.ends - batch.starts).max()))
        _note_defects(result, header, batch, kept)
        result.record_count += int(kept.sum())
    # DuckDB reads one kind of line break per file, LF or that of the header.
    result.needs_copy |= len(breaks) > 1 or breaks == {b"\r"} or result.dropped_count > 0
    if len(breaks) == 1 and not result.needs_copy:
        result.line_break = breaks.pop()
    return result


def _note_defects(result: Scan, header: Header, batch: Batch, kept: Flags) -> None:
    for reason, flags in _defects(result, header, batch, kept):
        number = result.record_count + np.flatnonzero(flags)
        result.dropped.setdefault(reason, []).append(number)


def _defects(
    result: Scan, header: Header, batch: Batch, kept: Flags
) -> Iterator[tuple[str, Flags]]:
    """Yield (reason, which of the kept records); a record has one reason at most."""
    open_ = np.ones(int(kept.sum()), dtype=np.bool_)
    width = len(header.names)
    fields = batch.fields[kept]
    what = "NUL byte" if header.dialect.has_quotes else "control character"
    kinds = [
        (f"record: {what}", batch.is_forbidden[kept]),
        ("record: text after a closing quote", batch.is_malformed[kept]),
    ]
    if header.dialect.has_quotes and (fields != width).any():
        full = batch.is_overfull[kept]
        kinds.append((f"record: too many fields, expected {width}", full))
        result.needs_copy = True
        result.short_count += int((fields < width).sum())
        result.long_count += int(((fields > width) & ~full).sum())
    for reason, flags in kinds:
        if (found := flags & open_).any():
            open_ &= ~found
            yield reason, found


def write_copy(source: TextFile, header: Header, scanned: Scan, target: Path) -> None:
    """Write the records that are left, without header, blank lines and defects, LF after each."""
    dropped = _dropped_numbers(scanned)
    _, one = patterns(header.dialect)
    number = 0
    with target.open("wb") as sink:
        for batch in frame(source, header):
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


def _parts(body: bytes, one: re.Pattern[bytes], separator: bytes) -> list[bytes]:
    """Split a record into its fields as they are written."""
    return one.findall(body) if b'"' in body else body.split(separator)


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
    for batch in frame(source, header):
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
