"""A warehouse that is refreshed again and again, and its rows against those of one full build.

A dbt run costs seconds of imports and parsing before its first query. Here each run is a fork of
one process that has imported dbt and run nothing, so that no state passes from run to run, and the
parsed project is kept for as long as none of its files changes.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from harness import INHERITED, BuildError, as_of_option, copy_project, failure, replace_seeds
from nasty_data import TextRow, TextTables, write_tables

from qualified_leads.load.land import load_directory
from qualified_leads.refresh.dbt_run import build_arguments, build_parsed
from qualified_leads.refresh.decision import Nothing
from qualified_leads.refresh.state import Place, Request, begin

TOLERANCE = 1e-9  # of doubles, relative and absolute
RUN_SECONDS = 300  # after which a dbt run counts as hung
SHOWN = 5  # rows printed per table and side
PUBLIC = ("marts", "reports")

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["dbt.cli.main", "dbt.adapters.duckdb.impl"])


@dataclass(frozen=True)
class Relation:
    """Columns with their types, in order, and rows of a table or view."""

    columns: tuple[tuple[str, str], ...]
    rows: list[tuple[Any, ...]]


Snapshot = dict[str, Relation]


class Warehouse:
    """A copy of the project with a warehouse of its own, refreshed by dbt alone."""

    def __init__(self, root: Path, seeds: Path | None = None) -> None:
        self.root = root
        self.project = copy_project(root / "project")
        self.directory = self.project / "warehouse"
        self.database = self.directory / "work.duckdb"
        self._is_parsed = False
        self._batches = 0
        self.directory.mkdir()
        _leave_out_tests(self.project)
        if seeds is not None:
            self.replace_seeds(seeds)

    # what changes between refreshes

    def land(self, tables: TextTables) -> None:
        """Load rows as one batch; without any row nothing lands."""
        tables = {name: rows for name, rows in tables.items() if rows}
        if not tables:
            return
        self._batches += 1
        headers = {name: ",".join(_header(rows)) for name, rows in tables.items()}
        source = write_tables(self.root / f"batch{self._batches}", tables, headers)
        load_directory(source, self.directory)

    def land_file(self, table: str, row: dict[str, Any], landed_later: timedelta) -> None:
        """Put a Parquet file into the lake, landed that much later than the latest row."""
        files = sorted((self.directory / "raw" / table).glob("*.parquet"))
        schema = pq.read_schema(files[0])
        with duckdb.connect() as connection:
            connection.execute("set timezone = 'UTC'")
            lake = str(self.directory / "raw" / "*" / "*.parquet")
            latest = connection.execute(
                "select max(_landed_at) from read_parquet(?, union_by_name = true)", [lake]
            ).fetchone()
        assert latest is not None
        empty = dict.fromkeys(schema.names)
        whole = empty | row | {"_landed_at": latest[0] + landed_later}
        columns = {name: [whole[name]] for name in schema.names}
        target = files[0].with_name(f"{len(files):040}.parquet")
        pq.write_table(pa.table(columns, schema=schema), target)

    def replace_seeds(self, seeds: Path) -> None:
        """Put other seeds in place of the project's."""
        replace_seeds(self.project, seeds)
        self._is_parsed = False

    def set_threads(self, threads: int) -> None:
        """Threads of DuckDB and of dbt."""
        path = self.project / "profiles.yml"
        profile = yaml.safe_load(path.read_text())
        local = profile["qualified_leads"]["outputs"]["local"]
        local["threads"] = threads
        local["settings"]["threads"] = threads
        path.write_text(yaml.safe_dump(profile, sort_keys=False))
        self._is_parsed = False

    def replace_in(self, name: str, old: str, new: str) -> None:
        """Change a text of a file of the project for good."""
        path = self.project / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        self._is_parsed = False

    @contextmanager
    def broken(self, model: str) -> Iterator[None]:
        """The project while a model of it has a column that nobody knows."""
        (path,) = self.project.glob(f"models/**/{model}.sql")
        sound = path.read_text()
        path.write_text(f"select nobody_knows_this from (\n{sound}\n) as sound")
        self._is_parsed = False
        try:
            yield
        finally:
            path.write_text(sound)
            self._is_parsed = False

    @contextmanager
    def connected(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The work file, to write to as an EL tool does; made where it is not there yet."""
        with _connect(self.database) as connection:
            yield connection

    # what is run

    def refresh(self, as_of: str, command: str = "build", *options: str) -> None:
        """Run dbt as of this moment; raises BuildError with what failed.

        A build without options is that of a scheduled refresh, of what has changed alone.
        """
        arguments = [command, *as_of_option(as_of), *options]
        if command != "build" or options:
            self._dbt(arguments)
            return
        now = datetime.fromisoformat(as_of)
        with self.connected() as connection:
            number, answer = begin(Place(connection, self.project, self.directory), Request(now))
        if answer is not None and not isinstance(answer, Nothing):
            self._dbt(build_arguments(now, answer, number))

    def full_build(self, as_of: str) -> Snapshot:
        """Rows of a build of the same lake and EL tables into a new work file, which then goes."""
        parked = self.project / "parked"
        self.directory.rename(parked)
        try:
            self.directory.mkdir()
            if (parked / "raw").exists():
                shutil.copytree(parked / "raw", self.directory / "raw", copy_function=os.link)
            self._copy_landed_tables(parked / "work.duckdb")
            self.refresh(as_of)
            return snapshot(self.database)
        finally:
            shutil.rmtree(self.directory)
            parked.rename(self.directory)

    def compared(self, as_of: str) -> list[str]:
        """What differs between the warehouse as it is and a full build."""
        got = snapshot(self.database)
        return snapshot_differences(self.full_build(as_of), got)

    def _copy_landed_tables(self, source: Path) -> None:
        if not source.exists():
            return
        with _connect(source, read_only=True) as connection:
            landed = _names(connection, ("raw",), "BASE TABLE")
        if not landed:
            return
        with _connect(self.database) as connection:
            connection.execute(f"attach '{source}' as source (read_only)")
            connection.execute("create schema raw")
            for name in landed:
                connection.execute(f"create table {name} as from source.{name}")

    def _dbt(self, arguments: list[str]) -> None:
        log = self.project / "dbt.log"
        if arguments[0] != "retry":  # which goes on from them
            (self.project / "target" / "run_results.json").unlink(missing_ok=True)
        run = _forks.Process(
            target=_run_dbt,
            args=(self.project, arguments, log, self._is_parsed),
            daemon=True,
        )
        run.start()
        run.join(RUN_SECONDS)
        if run.is_alive():
            run.kill()
            raise BuildError(f"dbt hung\n{log.read_text()[-2000:]}")
        if run.exitcode:
            raise BuildError(failure(self.project, log.read_text()))
        self._is_parsed = True


def _run_dbt(project: Path, arguments: list[str], log: Path, is_parsed: bool) -> None:
    """A run, in a process that did nothing before and does nothing after."""
    os.chdir(project)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    for name in INHERITED:
        os.environ.pop(name, None)
    os.environ |= {"WAREHOUSE": "warehouse", "DBT_USE_COLORS": "false", "PYTHONWARNINGS": "ignore"}

    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.contracts.graph.manifest import Manifest

    manifest = None
    if is_parsed:
        manifest = Manifest.from_msgpack((project / "target/partial_parse.msgpack").read_bytes())
        manifest.build_flat_graph()
    result = build_parsed(arguments, lambda _: None, manifest)
    if result.exception is not None:
        print(result.exception, flush=True)
    DuckDBConnectionManager.close_all_connections()  # writes the log into the file
    os._exit(0 if result.success else 1)


def _leave_out_tests(project: Path) -> None:
    """Take all tests out of a copy: they build nothing and take half of the time of parsing."""
    shutil.rmtree(project / "tests")
    for path in [*project.glob("models/**/*.yml"), *project.glob("seeds/**/*.yml")]:
        document = _without_tests(yaml.safe_load(path.read_text()))
        if document.keys() <= {"version"}:
            path.unlink()
        else:
            path.write_text(yaml.safe_dump(document, sort_keys=False))


def _without_tests(node: Any) -> Any:
    if isinstance(node, dict):
        kept = node.keys() - {"data_tests", "unit_tests"}
        return {name: _without_tests(value) for name, value in node.items() if name in kept}
    return [_without_tests(value) for value in node] if isinstance(node, list) else node


def _header(rows: list[TextRow]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


# rows


def _connect(database: Path, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        str(database),
        read_only=read_only,
        config={"storage_compatibility_version": "v1.5.0"},
    )
    connection.execute("set timezone = 'UTC'")
    return connection


def _names(
    connection: duckdb.DuckDBPyConnection, schemas: tuple[str, ...], kind: str = "%"
) -> list[str]:
    found = connection.execute(
        """
        select table_schema || '.' || table_name from information_schema.tables
        where table_schema in (select unnest(?)) and table_type like ?
        order by all
        """,
        [list(schemas), kind],
    )
    return [name for (name,) in found.fetchall()]


def snapshot(database: Path) -> Snapshot:
    """Every table and view of the public schemas."""
    relations = {}
    with _connect(database, read_only=True) as connection:
        for name in _names(connection, PUBLIC):
            found = connection.execute(f"from {name}")
            columns = tuple((column[0], str(column[1])) for column in found.description)
            relations[name] = Relation(columns, found.fetchall())
    return relations


def row_counts(database: Path) -> dict[str, int]:
    """Rows of each table that dbt made."""
    schemas = ("staging", "intermediate", "delta", *PUBLIC)
    with _connect(database, read_only=True) as connection:
        names = _names(connection, schemas, "BASE TABLE")
        counts = [connection.execute(f"select count(*) from {name}").fetchall() for name in names]
    return {name: count for name, ((count,),) in zip(names, counts, strict=True)}


def query(database: Path, sql: str) -> list[tuple[Any, ...]]:
    """Rows of a question to a work file."""
    with _connect(database, read_only=True) as connection:
        return connection.execute(sql).fetchall()


def snapshot_differences(want: Snapshot, got: Snapshot) -> list[str]:
    """One line per table or column that is not the same and per row, the first of each table."""
    lines = [f"{name}: missing" for name in sorted(want.keys() - got.keys())]
    lines += [f"{name}: not expected" for name in sorted(got.keys() - want.keys())]
    for name in sorted(want.keys() & got.keys()):
        a, b = want[name], got[name]
        if a.columns != b.columns:
            lines.append(f"{name}: columns {b.columns} instead of {a.columns}")
            continue
        missing, extra = _unmatched(a, b)
        for label, rows in (("missing", missing), ("not expected", extra)):
            names = [column for column, _ in a.columns]
            shown = sorted(rows, key=str)[:SHOWN]
            lines += [f"{name}: {label} {dict(zip(names, row, strict=True))}" for row in shown]
            lines += [f"{name}: {len(rows)} rows {label}"] if len(rows) > SHOWN else []
    return lines


def _unmatched(want: Relation, got: Relation) -> tuple[list[tuple], list[tuple]]:
    """Rows without a partner: doubles may differ by the tolerance, all else is compared exactly."""
    missing = Counter(want.rows) - Counter(got.rows)
    extra = Counter(got.rows) - Counter(want.rows)
    doubles = [index for index, (_, kind) in enumerate(want.columns) if kind == "DOUBLE"]

    def exact(row: tuple) -> tuple:
        return tuple(value for index, value in enumerate(row) if index not in doubles)

    candidates = defaultdict(list)
    for row in extra.elements():
        candidates[exact(row)].append(row)
    alone = []
    for row in missing.elements():
        near = candidates[exact(row)]
        partner = next((other for other in near if _are_close(row, other, doubles)), None)
        if partner is None:
            alone.append(row)
        else:
            near.remove(partner)
    return alone, [row for rows in candidates.values() for row in rows]


def _are_close(a: tuple, b: tuple, doubles: list[int]) -> bool:
    for x, y in ((a[index], b[index]) for index in doubles):
        if x is None or y is None:
            if x is not y:
                return False
        elif abs(x - y) > TOLERANCE + TOLERANCE * max(abs(x), abs(y)):
            return False
    return True
