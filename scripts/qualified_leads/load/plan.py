"""Find what a load has to do: which files go into which tables, under which rules."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from qualified_leads.contract import REJECTED_ROWS, Table
from qualified_leads.errors import UsageError
from qualified_leads.failures import why
from qualified_leads.load.checks import READ
from qualified_leads.load.mapping import FORMATS, Format, Load, Mapping, extracted_at
from qualified_leads.load.unpack import WORKBOOKS, Content, contents
from qualified_leads.load.walk import Found, check_directory, look, walk

# A name such as leads-2026-02-01.csv or leads (1).csv.
_NUMBERED = re.compile(r"[ _.-]*[(]?\d[\d _.T:()-]*")
# Data that is not read; other files beside the data are somebody's notes.
_DAY_FIRST = re.compile(r"(?<!\d)\d{1,2}[-._]\d{1,2}[-._]\d{4}(?!\d)")
_OTHER_DATA = {".xls", ".xlsb", ".ods", ".numbers", ".avro", ".orc", ".7z", ".rar", ".bz2", ".xz"}


@dataclass(frozen=True)
class Task:
    """One content of a file and the table that it fills; `digest` is empty without a mapping.

    `extracted_at` is naive UTC; None where nobody says when the export is of.
    """

    content: Content
    table: Table
    format: Format
    load: Load
    digest: str = ""
    extracted_at: datetime | None = None

    @property
    def path(self) -> Path:
        return self.content.path

    @property
    def name(self) -> str:
        return self.content.name


@dataclass(frozen=True)
class Plan:
    """What there is to do, in order; what is left alone; data that no table takes; and what can't
    be read as a file, each with the reason."""

    tasks: list[Task]
    warnings: list[str]
    unread: list[str]
    unreadable: list[str]


def plan(
    source: Path,
    mapping: Mapping | None,
    contract: dict[str, Table],
    extracted: str | None = None,
) -> Plan:
    """Return the tasks in order: files of one table by name, 2 before 10, the later one newer.

    `extracted` says when the exports are of for which the mapping says nothing.

    Raises UsageError where `source` is no directory or nothing in it can be loaded.
    """
    check_directory(source)
    try:
        found = _mapped(source, mapping, contract) if mapping else _named(source, contract)
        tasks = [_dated(task, extracted) for task in found.tasks]
    except OSError as error:
        raise UsageError(f"cannot read {why(error, source)}; nothing landed") from error
    if not tasks:
        there = [*found.unread, *found.unreadable]
        beside = f", but {_some(there)}" if there else ""
        if mapping:
            raise UsageError(
                f"{source} holds no file that the mapping names{beside}; nothing to load"
            )
        raise UsageError(
            f"{source} holds no file named after a table, such as leads.csv{beside}; read are"
            f" {READ}; nothing to load"
        )
    return replace(found, tasks=tasks, warnings=[*found.warnings, *_misordered(tasks)])


def _misordered(tasks: list[Task]) -> list[str]:
    """Tables whose files have dates in their names that the order of names does not follow."""
    told = []
    for table in dict.fromkeys(task.table.name for task in tasks):
        names = [t.name for t in tasks if t.table.name == table and t.extracted_at is None]
        dated = [name for name in dict.fromkeys(names) if _DAY_FIRST.search(name)]
        if len(dated) > 1:
            told.append(
                f"{table}: the names of {len(dated)} files begin their dates with day or month, and"
                " the later name is newer; say --extracted-at, such as %d-%m-%Y"
            )
    return told


def _dated(task: Task, extracted: str | None) -> Task:
    said = task.load.extracted_at or extracted
    if said is None:
        return task
    try:
        modified = datetime.fromtimestamp(task.path.stat().st_mtime, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{task.name} was changed in a year that no calendar has; touch it"
        ) from None
    moment = extracted_at(said, task.name, modified)
    return Task(task.content, task.table, task.format, task.load, task.digest, moment)


def _by_name(name: str) -> list[tuple[int, int, str]]:
    """How names are ordered: numbers as numbers, a copy (1) after what it is a copy of."""
    stem, dot, suffix = name.lower().partition(".")
    pieces = re.split(r"(\d+)", f"{stem}\0{dot}{suffix}")
    return [(1, int(piece), "") if piece.isdigit() else (0, 0, piece) for piece in pieces]


def _contents(files: list[Path], source: Path) -> list[Content]:
    return [
        content for path in files for content in contents(path, path.relative_to(source).as_posix())
    ]


def _named(source: Path, contract: dict[str, Table]) -> Plan:
    loadable = {name: table for name, table in contract.items() if name != REJECTED_ROWS}
    top = Found()
    look(source, source, top)
    found = [(one, _table_of(one, loadable)) for one in _contents(top.files, source)]
    unknown, unread, unreadable = list[str](), list[str](), top.unreadable
    others = list[Path]()
    for directory in top.directories:
        if directory.name.lower() in loadable:
            inside = Found()
            look(directory, source, inside)
            table = directory.name.lower()
            found += [(content, table) for content in _contents(inside.files, source)]
            others += inside.directories
            unreadable |= inside.unreadable
        else:
            others.append(directory)
    for directory in others:
        below = walk(directory, source)
        has_data = any(_is_data(path.suffix.lower()) for path in below.files)
        (unread if has_data else unknown).append(f"{directory.relative_to(source).as_posix()}/")
        unreadable |= below.unreadable
    tasks = []
    for content, table in sorted(found, key=lambda one: _by_name(one[0].name)):
        format_ = _format(content)
        if table and format_:
            load = Load(file=content.name, table=table)
            tasks.append(Task(content, loadable[table], format_, load))
        elif _is_data(content.suffix):
            unread.append(content.name)
        else:
            unknown.append(content.name)
    warnings = [f"not loaded, no table has that name: {_some(unknown)}"] if unknown else []
    return Plan(tasks, warnings, unread, _reasons(unreadable))


def _reasons(unreadable: dict[str, str]) -> list[str]:
    return [f"{name} ({reason})" for name, reason in sorted(unreadable.items())]


def _table_of(content: Content, loadable: dict[str, Table]) -> str | None:
    """Return the table that a content is named after, or the directory around it in a zip."""
    for inner in content.inner:
        for name in (inner.stem.lower(), inner.parent.name.lower()):
            for table in loadable:
                if name == table or (
                    name.startswith(table) and _NUMBERED.fullmatch(name[len(table) :])
                ):
                    return table
    return None


def _format(content: Content) -> Format | None:
    if content.suffix in WORKBOOKS:
        # A workbook inside of a zip is not opened.
        return "csv" if content.path.suffix.lower() in WORKBOOKS else None
    return FORMATS.get(content.suffix)


def _mapped(source: Path, mapping: Mapping, contract: dict[str, Table]) -> Plan:
    everything = walk(source, source)
    found = {path.relative_to(source).as_posix(): path for path in everything.files}
    unreadable = {
        name: reason
        for name, reason in everything.unreadable.items()
        if any(_may_match(load, name) for load in mapping.loads)
    }
    tasks, warnings, used = [], [], set[str]()
    for load in sorted(mapping.loads, key=lambda load: load.update):
        matches = [name for name in found if load.matches(name)]
        chosen = [content for name in matches for content in contents(found[name], name)]
        for name in found:
            if name not in matches and PurePosixPath(name).suffix.lower() == ".zip":
                inside = contents(found[name], name)
                chosen += [one for one in inside if load.matches(one.inner[0].as_posix())]
        if load.sheet is not None:
            sheets = [content.member for content in chosen]
            chosen = [content for content in chosen if content.member == load.sheet.strip()]
            if sheets and not chosen:
                raise UsageError(
                    f"{load.file} has the sheets {_some(sheets)}; none is {load.sheet}, which the"
                    " mapping names"
                )
        if not chosen:
            warnings.append(f"no file matches {load.file}, which the mapping names")
        for content in sorted(chosen, key=lambda one: _by_name(one.name)):
            used.add(content.path.relative_to(source).as_posix())
            tasks.append(_mapped_task(content, load, contract[load.table], chosen))
    left = sorted(
        name for name, path in found.items() if name not in used and _is_data(path.suffix.lower())
    )
    left += _reasons({n: r for n, r in everything.unreadable.items() if n not in unreadable})
    if left:
        warnings.append(f"the mapping reads nothing of {_some(left)}")
    return Plan(tasks, list(dict.fromkeys(warnings)), [], _reasons(unreadable))


def _may_match(load: Load, name: str) -> bool:
    """Whether a load could mean a name, or with a directory's what is below it."""
    begin = re.split(r"[*?[]", load.file.lower(), maxsplit=1)[0]
    return name.lower().startswith(begin) or (name.endswith("/") and begin.startswith(name.lower()))


def _mapped_task(content: Content, load: Load, table: Table, chosen: list[Content]) -> Task:
    same_book = [one for one in chosen if one.path == content.path]
    if content.suffix in WORKBOOKS and len(same_book) > 1:
        sheets = _some([one.member for one in same_book])
        raise UsageError(f"{content.path.name} has the sheets {sheets}; name one with `sheet`")
    format_ = load.format or _format(content)
    if format_ is None:
        if content.suffix in _OTHER_DATA:
            raise UsageError(f"{content.name} is of a kind that isn't read; save it as xlsx or csv")
        raise UsageError(f"{content.name}: the mapping has to declare its format")
    return Task(content, table, format_, load, load.digest())


def _is_data(suffix: str) -> bool:
    """Whether files that end like that hold data; a .txt may as well be somebody's notes."""
    return suffix != ".txt" and suffix in {*FORMATS, *WORKBOOKS, *_OTHER_DATA, ".gz", ".zip"}


def _some(names: list[str], most: int = 5) -> str:
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
