"""What the work file knows of refreshes: a row per run in `ops.refreshes`, and where one starts.

refresh.py calls `begin` before it starts dbt; in a dbt of its own the hooks do (hooks.py).
It writes what it decided, `end` that it was done; each leaves all of its changes or none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from qualified_leads.contract import Table, load_contract
from qualified_leads.errors import UsageError
from qualified_leads.lake.el_tables import el_tables
from qualified_leads.paths import pattern
from qualified_leads.quoting import identifier, literal
from qualified_leads.refresh.decision import (
    Answer,
    Everything,
    Nothing,
    Now,
    Refresh,
    decide,
    reason_for_a_part,
    refusal,
)
from qualified_leads.refresh.fingerprints import code_hash, policy_hash, tests_hash
from qualified_leads.refresh.forecast_log import LOG_NAME

KEPT_REFRESHES = 1000
SCHEMAS = ("policy", "staging", "intermediate", "delta", "marts", "reports")
BEGINNING = datetime(1, 1, 1)
# Columns of staging with a moment at which a row takes effect, and the tables of changes.
MOMENTS = ("effective_at", "decided_at", "next_episode_at")
CHANGES = ("int_leads_affected", "int_rates_changed")
NO_FORECAST = """
    select
        cast(null as timestamp) as made_at, cast(null as varchar) as stage,
        cast(null as integer) as step, cast(null as timestamp) as starts_at,
        cast(null as timestamp) as ends_at, cast(null as bigint) as open_leads,
        cast(null as double) as expected_customers, cast(null as double) as expected_revenue
    where false
"""
CREATE = """
    create schema if not exists raw;
    create schema if not exists {ops};
    create table if not exists {ops}.refreshes (
        refresh_number bigint,
        as_of timestamp,
        code_fingerprint varchar,
        policy_fingerprint varchar, -- of the seeds that are loaded
        tests_fingerprint varchar,
        complete_number bigint, -- the refresh that it builds upon, -1 where it builds all
        complete_as_of timestamp,
        is_full boolean,
        reason varchar, -- why it builds all
        is_complete boolean, -- every model was built and nothing failed
        is_tested boolean, -- with all tests
        watermarks json -- by raw table: the latest landing and the rows that were staged before
    );
    alter table {ops}.refreshes add column if not exists is_tested boolean;
    alter table {ops}.refreshes add column if not exists tests_fingerprint varchar;
    alter table {ops}.refreshes add column if not exists watermarks json;
    drop table if exists {ops}.landings;
    drop table if exists {ops}.loaded_seeds;
"""


@dataclass(frozen=True)
class Request:
    """What a run is to build. `variables` are None where they are the project's.

    `leaves_out` says whether it leaves out what has not changed, as a plain dbt build does not;
    `loads_policy` whether it loads `all` seeds, `some` or `none`, `kept` names the selected
    tables that keep all leads, `has_affected` whether int_leads_affected is selected, too.
    """

    as_of: datetime
    is_asked_for: bool = False
    tests_all: bool = False
    leaves_out: bool = True
    is_whole: bool = True
    loads_policy: str = "all"
    variables: Mapping[str, Any] | None = None
    kept: tuple[str, ...] = ()
    has_affected: bool = True


@dataclass(frozen=True)
class Place:
    """A work file that is open, the project it is of, and its directory.

    `prefix` is what dbt puts before the names of schemas, on another target than `local`.
    """

    connection: duckdb.DuckDBPyConnection
    project: Path
    warehouse: Path
    prefix: str = ""

    def table(self, schema: str, name: str) -> str:
        """A table as SQL names it."""
        return f"{identifier(self.prefix + schema)}.{identifier(name)}"

    def rows(self, query: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """The answer to a query."""
        return self.connection.execute(query, parameters).fetchall()

    def value(self, query: str, parameters: Any = None) -> Any:
        """The first value of the answer, None where it has no row."""
        found = self.rows(query, parameters)
        return found[0][0] if found else None

    def built(self, kind: str = "%") -> dict[str, str]:
        """The tables (`BASE TABLE`) and views (`VIEW`) that dbt made, by name as SQL names them."""
        query = """
            select table_name, table_schema from information_schema.tables
            where list_contains($schemas, table_schema) and table_type like $kind
            order by list_position($schemas, table_schema)
        """
        schemas = [self.prefix + schema for schema in SCHEMAS]
        found = self.rows(query, {"schemas": schemas, "kind": kind})
        return {name: f"{identifier(schema)}.{identifier(name)}" for name, schema in found}


@dataclass(frozen=True)
class Watermark:
    """Up to where a raw table is staged (`landed_at`, naive UTC), and what the lake has."""

    landed_at: datetime
    rows: int  # that staging has
    late_rows: int  # that landed later
    is_continued: bool  # the rows before are as they were
    fingerprint: str | None = None  # of all rows, where an EL tool may change them in place


def begin(place: Place, request: Request) -> tuple[int, Answer | None]:
    """Decide upon a run and write it down: its number, and what to build.

    A run of a part has no answer, or Everything where it can't build upon anything. One with
    Nothing to do is complete at once. Raises UsageError where a part is refused.
    """
    with _transaction(place.connection):
        prepare(place)
        runs = _runs(place)
        last, since = _split(runs)
        marks = watermarks(place)
        now = _now(place, request, last, runs, marks)
        answer: Answer | None
        if request.is_whole:
            answer = decide(last, since, now, request.is_asked_for, request.tests_all)
        else:
            reason = reason_for_a_part(last, request.is_asked_for)
            answer = Everything(reason) if reason else None
            _refuse_partial_leads(place, request, answer)
        number = 1 + max((run.number for run in runs), default=0)
        is_done = isinstance(answer, Nothing) and request.leaves_out
        _write(place, number, now, last, answer, marks, is_done)
    return number, answer


def end(place: Place, number: int, is_tested: bool) -> None:
    """Mark a refresh as one to build upon, and forget those of long ago."""
    refreshes = place.table("ops", "refreshes")
    with _transaction(place.connection):
        place.rows(
            f"update {refreshes} set is_complete = true, is_tested = ? where refresh_number = ?",
            [is_tested, number],
        )
        oldest = number - KEPT_REFRESHES
        place.rows(f"delete from {refreshes} where refresh_number < ?", [oldest])


def last_number(place: Place) -> int:
    """Number of the last run."""
    return place.value(f"select max(refresh_number) from {place.table('ops', 'refreshes')}")


def prepare(place: Place) -> None:
    """Make what a run reads and no model makes: raw views, and the tables of schema ops."""
    place.connection.execute(CREATE.format(ops=identifier(place.prefix + "ops")))
    landed_by_el = el_tables(place.connection)
    for name, table in load_contract().items():
        if name not in landed_by_el:
            place.connection.execute(_raw_view(table, place.warehouse.resolve() / "raw"))
    log = place.warehouse.resolve() / LOG_NAME
    source = f"from read_parquet({literal(pattern(log))})" if log.exists() else NO_FORECAST
    target = place.table("ops", "forecast_log")
    place.connection.execute(f"create or replace table {target} as {source}")


def watermarks(place: Place) -> dict[str, Watermark]:
    """By raw table that is staged."""
    built = place.built("BASE TABLE")
    landed_by_el = el_tables(place.connection)
    known = place.value(
        f"select watermarks from {place.table('ops', 'refreshes')}"
        " order by refresh_number desc limit 1"
    )
    fingerprints = {name: mark["fingerprint"] for name, mark in json.loads(known or "{}").items()}
    found = {}
    for name, table in load_contract().items():
        staging = built.get(f"stg_raw__{name}")
        if name in landed_by_el:
            found[name] = _watermark_of_el(place, table, staging, fingerprints.get(name))
        elif staging is not None:
            found[name] = _watermark(place, table, staging)
    return found


def _watermark(place: Place, table: Table, staging: str) -> Watermark:
    """Files of the lake never change: their rows, counted, are those staged."""
    latest, staged = _staged(place, staging)
    raw = f"raw.{identifier(table.name)}"
    late = place.value(f"select count(*) from {raw} where _landed_at > ?", [latest])
    return Watermark(
        latest, staged, late, place.value(f"select count(*) from {raw}") - late == staged
    )


def _watermark_of_el(
    place: Place, table: Table, staging: str | None, before: str | None
) -> Watermark:
    """An EL tool may change rows in place, so all that was there is compared."""
    latest, staged = (BEGINNING, 0) if staging is None else _staged(place, staging)
    query = (
        "select concat(count(*), ' ', sum(cast(hash(known) as hugeint)))"
        f" from {_el_rows(place, table)} as known"
    )
    known = place.value(f"{query} where _landed_at <= ?", [latest])
    late = place.value(
        f"select count(*) from {_el_rows(place, table)} where _landed_at > ?", [latest]
    )
    is_continued = staging is None or known == before
    return Watermark(latest, staged, late, is_continued, place.value(query))


def _staged(place: Place, staging: str) -> tuple[datetime, int]:
    latest, staged = place.rows(f"select max(_landed_at), count(*) from {staging}")[0]
    return latest or BEGINNING, staged


def _el_rows(place: Place, table: Table) -> str:
    """As macro raw_rows reads them: the columns of the contract, with its types."""
    described = place.rows(f"describe raw.{identifier(table.name)}")
    present = {column.lower() for column, *_ in described}
    columns = []
    for column in table.columns:
        fill = "_loaded_at" if column.name == "_landed_at" else "null"
        value = identifier(column.name) if column.name in present else fill
        columns.append(f"cast({value} as {column.data_type}) as {identifier(column.name)}")
    return f"(select {', '.join(columns)} from raw.{identifier(table.name)})"


def _raw_view(table: Table, lake: Path) -> str:
    """A view over the files of a raw table; el_tables.py tells it by its text."""
    names = [identifier(column.name) for column in table.columns]
    types = [column.data_type for column in table.columns]
    empty = [f"cast(null as {t}) as {n}" for n, t in zip(names, types, strict=True)]
    files = ""
    if any((lake / table.name).glob("*.parquet")):
        named = literal(f"{pattern(lake)}/{table.name}/*.parquet")
        files = f"union all by name from read_parquet({named}, union_by_name = true)"
    return (
        f"create or replace view raw.{identifier(table.name)} as select {', '.join(names)}"
        f" from (select {', '.join(empty)} where false {files}) as rows"
    )


def _runs(place: Place) -> list[Refresh]:
    """All runs from the last complete refresh on, in order."""
    refreshes = place.table("ops", "refreshes")
    found = place.rows(
        f"""
        select
            refresh_number, as_of, code_fingerprint, policy_fingerprint, tests_fingerprint,
            is_full, is_complete, coalesce(is_tested, false)
        from {refreshes}
        where refresh_number >= coalesce(
            (select max(refresh_number) from {refreshes} where is_complete), 0
        )
        order by refresh_number
        """
    )
    return [Refresh(*row) for row in found]


def _split(runs: list[Refresh]) -> tuple[Refresh | None, list[Refresh]]:
    if runs and runs[0].is_complete:
        return runs[0], runs[1:]
    return None, runs


def _now(
    place: Place,
    request: Request,
    last: Refresh | None,
    runs: list[Refresh],
    marks: Mapping[str, Watermark],
) -> Now:
    between = (last.as_of, request.as_of) if last else None
    return Now(
        as_of=request.as_of,
        code_hash=code_hash(place.project, request.variables),
        policy_hash=_policy(place, request, runs),
        tests_hash=tests_hash(place.project),
        missing=_missing(place),
        landed=tuple(name for name, mark in marks.items() if mark.late_rows),
        effective=tuple(_effective(place, marks, *between)) if between else (),
        is_continued=all(mark.is_continued for mark in marks.values()),
        has_policy_boundary=bool(between) and _has_boundary(place, *between),
        has_delta=any(
            place.value(f"select 1 from {table} limit 1")
            for name, table in place.built().items()
            if name in CHANGES
        ),
    )


def _policy(place: Place, request: Request, runs: list[Refresh]) -> str:
    """Of the seeds that are in the work file when the models are built."""
    if request.loads_policy == "none":
        return runs[-1].policy_hash if runs else "none"
    part = "" if request.loads_policy == "all" else " in part"
    return policy_hash(place.project) + part


def _missing(place: Place) -> tuple[str, ...]:
    paths = [*(place.project / "models").rglob("*.sql"), *(place.project / "seeds").glob("*.csv")]
    return tuple(sorted({path.stem for path in paths} - place.built().keys()))


def _effective(
    place: Place, marks: Mapping[str, Watermark], start: datetime, now: datetime
) -> Iterator[str]:
    """Raw tables with staged rows that take effect after one moment and not after the other."""
    built = place.built()
    for name in marks.keys() & {model.removeprefix("stg_raw__") for model in built}:
        staging = built[f"stg_raw__{name}"]
        columns = {column for column, *_ in place.rows(f"describe {staging}")}
        for moment in columns.intersection(MOMENTS):
            query = f"select 1 from {staging} where {moment} > ? and {moment} <= ? limit 1"
            if place.value(query, [start, now]):
                yield name
                break


def _has_boundary(place: Place, start: datetime, now: datetime) -> bool:
    """Whether a rule or a policy begins or ends after one moment and not after the other."""
    columns = place.rows(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = ? and column_name in ('valid_from', 'valid_to')",
        [place.prefix + "policy"],
    )
    return any(
        place.value(
            f"select 1 from {place.table('policy', seed)} where {column} > ? and {column} <= ?"
            " limit 1",
            [start, now],
        )
        for seed, column in columns
    )


def _refuse_partial_leads(place: Place, request: Request, answer: Answer | None) -> None:
    built = place.built("BASE TABLE")
    affected = built.get("int_leads_affected")
    identities = built.get("int_lead_identities")
    if affected is None or identities is None or (answer is not None and request.has_affected):
        return
    missing = place.value(
        f"select count(*) from {identities} where survivor_lead_id is not null"
        f" and lead_id not in (select lead_id from {affected})"
    )
    rebuilt = [name for name in request.kept if request.is_asked_for or name not in built]
    if (told := refusal(rebuilt, missing)) is not None:
        raise UsageError(told)


def _write(
    place: Place,
    number: int,
    now: Now,
    last: Refresh | None,
    answer: Answer | None,
    marks: Mapping[str, Watermark],
    is_done: bool,
) -> None:
    is_full = isinstance(answer, Everything)
    landed = {
        name: {
            "landed_at": str(mark.landed_at),
            "rows": mark.rows,
            "fingerprint": mark.fingerprint,
        }
        for name, mark in marks.items()
    }
    place.rows(
        f"insert into {place.table('ops', 'refreshes')} by name select unnest(?)",
        [
            {
                "refresh_number": number,
                "as_of": now.as_of,
                "code_fingerprint": now.code_hash,
                "policy_fingerprint": now.policy_hash,
                "tests_fingerprint": now.tests_hash,
                "complete_number": -1 if is_full or last is None else last.number,
                "complete_as_of": BEGINNING if is_full or last is None else last.as_of,
                "is_full": is_full,
                "reason": answer.reason if isinstance(answer, Everything) else None,
                "is_complete": is_done,
                "is_tested": is_done,
                "watermarks": json.dumps(landed, sort_keys=True),
            }
        ],
    )


@contextmanager
def _transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    connection.execute("begin")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
