"""Find what a load has to do: which files go into which tables, under which rules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from qualified_leads.contract import REJECTED_ROWS, Table
from qualified_leads.errors import UsageError
from qualified_leads.load_mapping import FORMATS, Format, Load, Mapping

CONTRACT_SUFFIXES = (".csv", ".jsonl", ".parquet")


@dataclass(frozen=True)
class Task:
    """One source file and the table that it fills; `digest` is empty without a mapping."""

    path: Path
    name: str
    table: Table
    format: Format
    load: Load
    digest: str = ""


def plan(
    source: Path, mapping: Mapping | None, contract: dict[str, Table]
) -> tuple[list[Task], list[str]]:
    """Return the tasks in order, and warnings about what is left alone.

    Raises UsageError where `source` is no directory or nothing in it can be loaded.
    """
    if not source.is_dir():
        what = "is not a directory" if source.exists() else "does not exist"
        raise UsageError(f"{source} {what}")
    try:
        if mapping is not None:
            tasks, warnings = _mapped(source, mapping, contract)
        else:
            tasks, warnings = _named(source, contract)
    except OSError as error:
        raise UsageError(f"cannot read {source}: {error.strerror}") from error
    if not tasks:
        wanted = "that the mapping names" if mapping else "named after a table"
        raise UsageError(f"{source} holds no file {wanted}; nothing to load")
    return tasks, warnings


def _files(directory: Path) -> list[Path]:
    found = (path for path in directory.iterdir() if not path.name.startswith("."))
    return sorted(path for path in found if path.is_file())


def _named(source: Path, contract: dict[str, Table]) -> tuple[list[Task], list[str]]:
    loadable = {name: table for name, table in contract.items() if name != REJECTED_ROWS}
    tasks, unknown = [], []
    candidates = [(path, path.stem.lower()) for path in _files(source)]
    for directory in sorted(path for path in source.iterdir() if path.is_dir()):
        if directory.name.lower() in loadable:
            candidates += [(path, directory.name.lower()) for path in _files(directory)]
        elif not directory.name.startswith("."):
            unknown.append(f"{directory.name}/")
    for path, table in candidates:
        name = path.relative_to(source).as_posix()
        suffix = path.suffix.lower()
        if table in loadable and suffix in CONTRACT_SUFFIXES:
            load = Load(file=name, table=table)
            tasks.append(Task(path, name, loadable[table], FORMATS[suffix], load))
        else:
            unknown.append(name)
    warnings = [f"not loaded, no table has that name: {', '.join(unknown)}"] if unknown else []
    return tasks, warnings


def _mapped(
    source: Path, mapping: Mapping, contract: dict[str, Table]
) -> tuple[list[Task], list[str]]:
    paths = sorted(path for path in source.rglob("*") if path.is_file())
    names = {path.relative_to(source).as_posix(): path for path in paths}
    tasks, warnings = [], []
    for load in mapping.loads:
        matches = [name for name in names if load.matches(name)]
        if not matches:
            warnings.append(f"no file matches {load.file}, which the mapping names")
        for name in matches:
            format_ = load.format or FORMATS.get(names[name].suffix.lower())
            if format_ is None:
                raise UsageError(f"{name}: the mapping has to declare its format")
            table = contract[load.table]
            tasks.append(Task(names[name], name, table, format_, load, load.digest()))
    return tasks, list(dict.fromkeys(warnings))
