"""Open a source file as a relation that DuckDB reads, with its records counted beforehand.

The count never comes from the reader: CSV and JSON lines are framed on their bytes (records.py),
Parquet says in its footer how many rows it has. Other kinds of file have been unpacked into these.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from qualified_leads.contract import Table
from qualified_leads.encoding import check_utf8, has_utf16_mark, is_really_utf8, transcode
from qualified_leads.errors import UsageError
from qualified_leads.load import bounds
from qualified_leads.load.mapping import HASH, REPETITION, ROW, Load, normalise, template_parts
from qualified_leads.load.plan import Task
from qualified_leads.load.progress import LoadProgress
from qualified_leads.load.records import Integers
from qualified_leads.load.scan import Scan, fetch, record_numbers, scan, write_copy
from qualified_leads.load.text import (
    JSON_DELIMITER,
    Dialect,
    Header,
    TextFile,
    headless,
    read_header,
)
from qualified_leads.paths import pattern
from qualified_leads.quoting import identifier, literal

_DELIMITERS = (",", ";", "\t", "|")
# As many as a workbook has.
MOST_COLUMNS = 16_384
_READ_BUFFER = 32 << 20

# Yields (index into the numbers asked for, lines from 1, records as text).
Records = Iterator[tuple[Integers, Integers, list[str]]]
Fetch = Callable[[duckdb.DuckDBPyConnection, Integers], Records]


@dataclass
class Opened:
    """A source file ready to be read.

    `relations` are queries that give the same rows, tried in turn. `number` is the expression of a
    row's number from 0, in file order; `numbers` turns it into record numbers, which `fetch` takes.
    `columns` and `types` go by normalised name. `dropped` are records that the relation leaves out.
    `notes` say what was read otherwise than it was written.
    """

    rows: int
    parsed: int
    relations: list[Callable[[], str]]
    number: str
    columns: dict[str, str]
    types: dict[str, str]
    names: list[str]
    fetch: Fetch
    numbers: Callable[[Integers], Integers] = lambda rows: rows
    dropped: dict[str, Integers] = field(default_factory=dict)
    broken: tuple[str, str] | None = None
    has_names: bool = True
    notes: list[str] = field(default_factory=list)


@dataclass
class Session:
    """What opening a file needs: a connection, a directory for copies, and what to close later."""

    connection: duckdb.DuckDBPyConnection
    workspace: Path
    progress: LoadProgress
    stack: ExitStack


def open_source(task: Task, path: Path, session: Session) -> Opened | None:
    """Open `path`, the plain file of a task; None where it holds nothing at all.

    Raises UsageError where the file can't be read whole, with the place where that is so.
    """
    if task.format == "parquet":
        return _open_parquet(task, path, session)
    path, notes = _as_utf8(task, path, session)
    source = session.stack.enter_context(TextFile(path, task.name))
    open_text = _open_csv if task.format == "csv" else _open_json
    opened = open_text(task, session, source)
    if opened is not None:
        opened.notes = notes + opened.notes
    return opened


def _as_utf8(task: Task, path: Path, session: Session) -> tuple[Path, list[str]]:
    encoding, notes = task.load.encoding, list[str]()
    is_utf8 = encoding.lower().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig")
    if is_utf8 and has_utf16_mark(path):
        encoding, is_utf8 = "utf-16", False
    if is_utf8:
        session.progress.start(f"{task.name}: checking", path.stat().st_size)
        check_utf8(path, task.name, session.progress.advance)
        return path, notes
    if is_really_utf8(path):
        notes.append(f"its letters are those of UTF-8, and the mapping says {encoding}")
    target = session.workspace / "utf8"
    transcode(path, task.name, encoding, target)
    return target, notes


def _open_csv(task: Task, session: Session, source: TextFile) -> Opened | None:
    header = _header(task, source)
    if header is None:
        return None
    wanted = source_names(task.load, task.table)
    _check_names(task.name, header.names, wanted)
    scanned = _scan(source, header, session)
    aliases = [f"c{index}" for index in range(len(header.names))]
    text = _Delimited(session, source, header, scanned, task.load.header is None, aliases)
    opened = _text_source(source, header, scanned, text.relations())
    _name_columns(opened, header.names, aliases)
    opened.notes = list(_notes(task, header, scanned))
    return opened


def _header(task: Task, source: TextFile) -> Header | None:
    """Read the header of a CSV file, or skip what the names of the mapping stand for."""
    load = task.load
    if load.header is None:
        wanted = source_names(load, task.table)
        needed = needed_names(load, task.table)

        def choose(text: str) -> str:
            return load.separator or _delimiter(text, wanted)

        def fits(names: list[str]) -> bool:
            return needed <= set(map(normalise, names))

        return read_header(source, choose, fits, load.skip)
    width = len(load.header)

    def widest(text: str) -> str:
        return load.separator or min(
            _DELIMITERS, key=lambda one: abs(len(_fields(text, one)) - width)
        )

    replaced = read_header(source, widest, skip=load.skip)
    if load.skip is None or replaced is None:
        # The first line is the header that the names of the mapping replace.
        return replaced and dataclasses.replace(replaced, names=load.header, is_plain=False)
    return headless(source, load.header, replaced.dialect, load.skip)


def _notes(task: Task, header: Header, scanned: Scan) -> Iterator[str]:
    if header.preamble:
        yield f"{_counted(header.preamble, 'line')} before the header left out"
    if task.load.header is not None and task.load.skip is None:
        yield "`header` replaces its first line; say `skip: 0` if that is a record"
    if scanned.short_count:
        what = _counted(scanned.short_count, "record")
        yield f"{what} of fewer fields than the header; the missing last ones are null"
    if scanned.long_count:
        yield f"{_counted(scanned.long_count, 'record')} with blank fields beyond the last column"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


@dataclass(frozen=True)
class _Delimited:
    """A framed text file as DuckDB reads it: the file itself, or a copy of its sound records."""

    session: Session
    source: TextFile
    header: Header
    scanned: Scan
    has_header: bool
    aliases: list[str]

    def relations(self) -> list[Callable[[], str]]:
        """Return the ways to read it, the fast one first."""
        return [self._copied] if self.scanned.needs_copy else [self._direct, self._copied]

    def _direct(self) -> str:
        # A link, since DuckDB would take brackets or a star in the name for a pattern.
        link = _link(self.session, self.source.path)
        return self._read(link, self.has_header, self.scanned.line_break)

    def _copied(self) -> str:
        copy = self.session.workspace / "records"
        write_copy(self.source, self.header, self.scanned, copy)
        return self._read(copy, False, b"\n")

    def _read(self, path: Path, has_header: bool, line_break: bytes) -> str:
        columns = ", ".join(f"{alias}: 'VARCHAR'" for alias in self.aliases)
        quote = literal('"' if self.header.dialect.has_quotes else "")
        line_size = max(2 << 20, self.scanned.longest + 16)
        options = {
            "columns": "{" + columns + "}",
            "header": str(has_header).lower(),
            "delim": literal(self.header.dialect.delimiter),
            "quote": quote,
            "escape": quote,
            "comment": "''",
            "auto_detect": "false",
            "null_padding": "false",
            "strict_mode": "true",
            "max_line_size": str(line_size),
            "buffer_size": str(max(_READ_BUFFER, 2 * line_size)),
        }
        if line_break == b"\n":
            # Else it takes the first break that it sees, were it one inside quotes. CRLF can't be
            # declared: DuckDB then reads no row at all.
            options["new_line"] = r"'\n'"
        listed = ", ".join(f"{name} = {value}" for name, value in options.items())
        return f"select * from read_csv({literal(pattern(path.absolute()))}, {listed})"


def _link(session: Session, path: Path) -> Path:
    link = session.workspace / "source"
    link.unlink(missing_ok=True)
    link.symlink_to(path.absolute())
    return link


def _scan(source: TextFile, header: Header, session: Session) -> Scan:
    session.progress.start(f"{source.name}: counting", source.size)
    return scan(source, header, session.progress.advance)


def _text_source(
    source: TextFile, header: Header, scanned: Scan, relations: list[Callable[[], str]]
) -> Opened:
    dropped = {reason: np.concatenate(parts) for reason, parts in scanned.dropped.items()}

    def fetch_text(_: duckdb.DuckDBPyConnection, numbers: Integers) -> Records:
        return fetch(source, header, scanned, numbers)

    return Opened(
        rows=scanned.record_count,
        parsed=scanned.record_count - scanned.dropped_count,
        relations=relations,
        number="row_number() over () - 1",
        columns={},
        types={},
        names=[],
        fetch=fetch_text,
        numbers=lambda rows: record_numbers(scanned, rows),
        dropped=dropped,
    )


def _open_json(task: Task, session: Session, source: TextFile) -> Opened | None:
    dialect = Dialect(JSON_DELIMITER, has_quotes=False)
    header = headless(source, ["line"], dialect)
    if header is None:
        return None
    first = source.read(header.first_byte, header.first_byte + (1 << 16)).lstrip()
    if not first:
        return None
    if first.startswith(b"["):
        raise UsageError(f"{task.name} is no JSON document, nor an object per line")
    scanned = _scan(source, header, session)
    lines = _Delimited(session, source, header, scanned, False, ["c0"]).relations()
    is_object = "case when json_valid(c0) then json_type(c0) = 'OBJECT' else false end"
    names = _json_names(session, lines[0](), is_object, task.name)
    wanted = source_names(task.load, task.table)
    _check_names(task.name, names, wanted)
    used = [name for name in names if normalise(name) in wanted]
    shape = literal(json.dumps(dict.fromkeys(used, "VARCHAR"), ensure_ascii=False))
    record = f"case when {is_object} then json_transform(c0, {shape}) end" if used else "null"
    listed = f"select c0, {is_object} as is_object, {record} as s"
    relations = [lambda build=build: f"{listed} from ({build()})" for build in lines]
    opened = _text_source(source, header, scanned, relations)
    _name_columns(opened, used, [f"struct_extract(s, {literal(name)})" for name in used])
    opened.names = names
    opened.broken = ("not is_object", "record: not a JSON object")
    opened.has_names = bool(names)
    return opened


def _json_names(session: Session, lines: str, is_object: str, name: str) -> list[str]:
    """Return every key of the file, in alphabetical order."""
    keys = f"select distinct case when {is_object} then json_keys(c0) end as keys from ({lines})"
    query = f"select distinct unnest(keys) as name from ({keys}) order by name"
    found = session.progress.execute(session.connection, query, f"{name}: reading keys").fetchall()
    return [key for (key,) in found]


def _open_parquet(task: Task, path: Path, session: Session) -> Opened:
    try:
        metadata = pq.read_metadata(path)
        names = metadata.schema.to_arrow_schema().names
    except (pa.ArrowException, OSError):
        raise UsageError(f"{task.name} is not a readable Parquet file") from None
    bounds.check_footer(task.name, path, metadata)
    link = _link(session, path)
    read = (
        f"read_parquet({literal(pattern(link))}, binary_as_string = true, file_row_number = true)"
    )
    described = session.connection.sql(f"select * exclude (file_row_number) from {read}")
    columns = list(zip(described.columns, map(str, described.types), strict=True))

    def measure(length: str) -> tuple[int | None, ...]:
        query = f"select max(n), sum(n) from (select {length} as n from {read})"
        what = f"{task.name}: measuring"
        return session.progress.execute(session.connection, query, what).fetchall()[0]

    bounds.check_values(task.name, path, metadata, described, measure)
    _check_names(task.name, names, source_names(task.load, task.table))
    aliases = [f"c{index}" for index in range(len(columns))]
    selected = [
        f"{identifier(name)} as {alias}" for (name, _), alias in zip(columns, aliases, strict=True)
    ]
    listed = ", ".join([*selected, "file_row_number as source_row"])
    opened = Opened(
        rows=metadata.num_rows,
        parsed=metadata.num_rows,
        relations=[lambda: f"select {listed} from {read}"],
        number="source_row",
        columns={},
        types={},
        names=[],
        fetch=lambda connection, numbers: _fetch_parquet(connection, read, numbers),
    )
    _name_columns(opened, [name for name, _ in columns], aliases, [kind for _, kind in columns])
    return opened


def _fetch_parquet(connection: duckdb.DuckDBPyConnection, read: str, numbers: Integers) -> Records:
    wanted = pa.table({"place": np.arange(len(numbers)), "source_row": numbers})
    connection.register("wanted_rows", wanted)
    query = f"""
        select wanted_rows.place, records.line, records.record
        from wanted_rows
        join (
            select file_row_number, file_row_number + 1 as line,
                to_json(columns_only) as record
            from (select file_row_number, struct_pack(*columns(* exclude (file_row_number)))
                as columns_only from {read})
        ) as records on records.file_row_number = wanted_rows.source_row
        order by wanted_rows.place
    """
    for batch in connection.sql(query).to_arrow_reader(10_000):
        place, line, record = batch.columns
        yield place.to_numpy(), line.to_numpy(), record.to_pylist()
    connection.unregister("wanted_rows")


def _name_columns(
    opened: Opened, names: list[str], expressions: list[str], types: list[str] | None = None
) -> None:
    opened.names = names
    for index, (name, expression) in enumerate(zip(names, expressions, strict=True)):
        opened.columns[normalise(name)] = expression
        opened.types[normalise(name)] = types[index] if types else "VARCHAR"


def _check_names(file: str, names: list[str], wanted: set[str]) -> None:
    """Raise UsageError where two columns have one name and the load reads it.

    The message gives places: what stands in the header of a file without one is data. So it does
    where there are more columns than a workbook has.
    """
    if len(names) > MOST_COLUMNS:
        raise UsageError(
            f"{file} has {len(names):,} columns, more than {MOST_COLUMNS:,}: are rows and columns"
            " swapped? leave out what no table takes"
        )
    seen: dict[str, int] = {}
    for place, name in enumerate(map(normalise, names), start=1):
        if name in wanted and name in seen:
            raise UsageError(
                f"{file}: columns {seen[name]} and {place} of the header have the same name; name"
                " all columns with `header` in a mapping"
            )
        seen[name] = place


def _delimiter(header: str, wanted: Iterable[str]) -> str:
    """Return the delimiter that finds most columns in the header, the commonest of equals."""
    known = set(wanted)

    def found(delimiter: str) -> tuple[int, int]:
        names = [normalise(name) for name in _fields(header, delimiter)]
        return len(known.intersection(names)), len(names)

    return max(_DELIMITERS, key=found)


def _fields(text: str, delimiter: str) -> list[str]:
    """Return the fields of the first row; none where one would be too long to be a name."""
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return []


def source_names(load: Load, table: Table) -> set[str]:
    """Return the normalised names of the source columns that a load may read."""
    names = {
        column.name
        for column in table.columns
        if column.name != "_landed_at" and column.name not in load.columns
    }
    return names | _named(load, True)


def required_names(load: Load) -> set[str]:
    """Return the normalised names of the source columns that have to be there for the mapping."""
    return _named(load, False)


def needed_names(load: Load, table: Table) -> set[str]:
    """Return the normalised names without which a line is not the header of such a file."""
    if load.update:
        required = [name for name in table.key if name not in load.columns]
    else:
        required = [name for name in table.required if name not in load.columns]
    return _named(load, False) | set(required)


def _named(load: Load, with_optional: bool) -> set[str]:
    names = set[str]()
    for rule in load.rules:
        if with_optional or not rule.optional:
            names |= {normalise(rule.source)} if rule.source else set()
            names |= {name for _, name, _ in template_parts(rule.template or "") if name}
    names |= {normalise(condition.column) for condition in load.where}
    names |= {normalise(name) for name in [load.repeat, *(load.spread or [])] if name}
    known = {ROW, HASH, REPETITION} if load.repeat or load.split else {ROW, HASH}
    return names - known
