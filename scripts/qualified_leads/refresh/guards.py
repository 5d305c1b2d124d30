"""What stops a release that has passed its tests: bounds in `seeds/release_guards.csv`.

Tests say whether data is consistent; guards whether it is likely, compared with the release before.
Without one only files are compared with each other: a first build is never stopped for being the
first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from qualified_leads.contract import REJECTED_ROWS, load_contract
from qualified_leads.errors import UsageError
from qualified_leads.lake.el_tables import el_tables
from qualified_leads.lake.files import lake
from qualified_leads.lake.manifest import WHAT_TO_DO, Problem, describe_problems
from qualified_leads.load import checks as load_checks
from qualified_leads.load.report import NO_SUCH_ROW, LoadReport
from qualified_leads.paths import pattern
from qualified_leads.policy.files import policy_rows, seed_files
from qualified_leads.quoting import literal
from qualified_leads.refresh.runs import Run
from qualified_leads.release.privacy import PERSONAL_DATA
from qualified_leads.release.publish import PUBLIC_SCHEMAS

GUARDS = (
    "volume",
    "zero_rows",
    "stale_source",
    "reconciliation",
    "doubled_spend",
    "golden_leads",
    "rejected",
    "conflicting_rows",
    "missing_file",
    "lake",
)
# Of `rejected`, `missing_file` and `lake`: all raw tables.
EVERY_TABLE = "all"
LAKE = "lake"
STAGES = ("mql", "sal", "sql", "opportunity", "customer")
BOOKING = (
    "spend_date",
    "lead_source",
    "campaign_id",
    "category",
    "is_refund",
    "amount",
    "currency",
    "impressions",
    "clicks",
)


class GuardError(Exception):
    """A guard stopped the release; the message is one line with what, where and what to do."""

    exit_status = 1


@dataclass(frozen=True)
class Guard:
    """A row of release_guards. Ratios are fractions, ages days; None means no bound."""

    guard: str
    table_name: str
    min_ratio: float | None
    max_ratio: float | None
    min_rows: int | None
    max_age_days: float | None

    def is_accepted(self, accepted: Collection[str]) -> bool:
        return bool({self.guard, f"{self.guard}:{self.table_name}"} & set(accepted))


@dataclass(frozen=True)
class _Case:
    """Work file and last release, attached; `as_of` and that of the release are naive UTC.

    `run` is the refresh that is to release, None where none is.
    """

    connection: duckdb.DuckDBPyConnection
    lake: Path
    as_of: datetime
    released_as_of: datetime | None
    run: Run | None

    def one(self, sql: str, *values: Any) -> Any:
        return (self.connection.execute(sql, list(values)).fetchone() or (None,))[0]

    def place(self, catalog: str, table: str) -> str | None:
        """The schema and name of a public table, None where it isn't there."""
        schema = self.one(
            "select max(table_schema) from information_schema.tables where table_catalog = ? "
            "and table_name = ? and table_schema in (?, ?)",
            catalog,
            table,
            *PUBLIC_SCHEMAS,
        )
        return None if schema is None else f"{catalog}.{schema}.{table}"

    def has(self, schema: str, table: str) -> bool:
        """Whether the work file has a table or view."""
        return bool(
            self.one(
                "select count(*) from information_schema.tables where table_catalog = 'work' "
                "and table_schema = ? and table_name = ?",
                schema,
                table,
            )
        )

    def rows(self, catalog: str, table: str) -> int:
        place = self.place(catalog, table)
        return 0 if place is None else int(self.one(f"select count(*) from {place}"))

    @property
    def is_later(self) -> bool:
        """Whether there is a release to compare with; an earlier as_of shows fewer rows rightly."""
        return self.released_as_of is not None and self.as_of >= self.released_as_of


def check_accepted(
    names: Collection[str],
    known: Collection[str] = (*GUARDS, load_checks.UNREAD, PERSONAL_DATA),
) -> None:
    """Raise UsageError where `--accept` names nothing that stops a run."""
    for name in names:
        if name.partition(":")[0] not in known:
            raise UsageError(f"--accept knows no {name!r}; it is one of {', '.join(known)}")


def refuse_rejects(report: LoadReport, project: Path, accepted: Collection[str]) -> None:
    """Raise GuardError where a load has rejected a larger share of a file than its guard allows.

    The rows that are good have landed: what is rejected can be looked at, and the guard stops the
    next release as well.
    """
    shares = {
        (row["table_name"] or "").strip(): float(row["max_ratio"])
        for row in _rows_of_seed(project, load_checks.REJECTED)
        if row["max_ratio"]
    }
    if told := load_checks.over_share(report, shares, EVERY_TABLE, accepted):
        raise GuardError("; ".join(told))


def refuse_changed_lake(
    problems: list[Problem], project: Path, accepted: Collection[str]
) -> list[Problem]:
    """Raise GuardError where files of the lake are not as they landed; returns those accepted.

    To ask before a build, which may fail at such a file or, as it reads new rows only, not see it.
    """
    watched = {(row["table_name"] or "").strip() for row in _rows_of_seed(project, LAKE)}
    found = [one for one in problems if watched & {one.table, EVERY_TABLE}]
    refused = [one for one in found if not {LAKE, f"{LAKE}:{one.table}"} & set(accepted)]
    if refused:
        names = " ".join(f"--accept {LAKE}:{t}" for t in dict.fromkeys(p.table for p in refused))
        raise GuardError(
            f"stopped before the build by {LAKE}: {describe_problems(refused)}; nothing released;"
            f" {WHAT_TO_DO}, or if it is meant: {names}"
        )
    return found


def _rows_of_seed(project: Path, guard: str) -> list[dict[str, str | None]]:
    """The rows of a guard that has its say before the build, and so before the seed is loaded."""
    seeds = project / "seeds"
    if "release_guards" not in seed_files(seeds):
        return []
    rows = policy_rows(seeds, "release_guards")
    return [row for row in rows if (row["guard"] or "").strip() == guard]


def check_guards(
    work: Path,
    released: Path | None,
    as_of: datetime,
    accepted: Collection[str] = (),
    run: Run | None = None,
) -> list[str]:
    """Compare the work file with the linked release; the stops that were accepted are returned.

    Raises GuardError naming every guard that stops the release.
    """
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"attach {literal(str(work))} as work (read_only)")
        before = None
        if released is not None and released.exists():
            connection.execute(f"attach {literal(str(released))} as released (read_only)")
            # The file says it by its name, to the second.
            before = datetime.strptime(released.name.partition("-")[0], "%Y%m%dT%H%M%S")
        case = _Case(connection, lake(work.parent), as_of.replace(microsecond=0), before, run)
        stops = [
            (guard, text)
            for guard in _guards(case)
            if guard.guard != LAKE  # which had its say before the build
            for text in CHECKS[guard.guard](case, guard)
        ]
    refused = [(guard, text) for guard, text in stops if not guard.is_accepted(accepted)]
    if refused:
        told = "; ".join(f"{guard.guard}: {text}" for guard, text in refused)
        names = " ".join(
            f"--accept {name}"
            for name in dict.fromkeys(f"{g.guard}:{g.table_name}" for g, _ in refused)
        )
        raise GuardError(
            f"stopped before release by {told}; nothing released; correct the source and run again,"
            f" or if it is meant: {names}"
        )
    return [f"{guard.guard}: {text}" for guard, text in stops]


def _guards(case: _Case) -> list[Guard]:
    if not case.has("policy", "release_guards"):
        return []
    rows = case.connection.execute(
        "select guard, table_name, min_ratio, max_ratio, min_rows, max_age_days "
        "from work.policy.release_guards order by all"
    ).fetchall()
    return [one for row in rows for one in _of_each_table(Guard(*row), rows)]


def _of_each_table(guard: Guard, rows: list[tuple[Any, ...]]) -> list[Guard]:
    """A guard of all tables is one of each that has none of its own."""
    if guard.table_name != EVERY_TABLE:
        return [guard]
    own = {table for name, table, *_ in rows if name == guard.guard}
    return [replace(guard, table_name=table) for table in load_contract() if table not in own]


def _volume(case: _Case, guard: Guard) -> list[str]:
    before, now = (case.rows(catalog, guard.table_name) for catalog in ("released", "work"))
    if not case.is_later or before < max(1, guard.min_rows or 1):
        return []
    low, high, ratio = guard.min_ratio or 0.0, guard.max_ratio, now / before
    if low <= ratio and (high is None or ratio <= high):
        return []
    allowed = f"{low:g} to {high:g}" if high is not None else f"at least {low:g}"
    return [
        f"{guard.table_name} has {now:,} rows, the last release {before:,}"
        f" ({ratio:.2f} times, allowed {allowed})"
    ]


def _zero_rows(case: _Case, guard: Guard) -> list[str]:
    if not case.is_later or case.rows("work", guard.table_name):
        return []
    before = case.rows("released", guard.table_name)
    return [f"{guard.table_name} has no rows, the last release {before:,}"] if before else []


def _stale_source(case: _Case, guard: Guard) -> list[str]:
    if case.released_as_of is None or guard.max_age_days is None:
        return []
    exists = case.one(
        "select count(*) from information_schema.tables where table_catalog = 'work' "
        "and table_schema = 'raw' and table_name = ?",
        guard.table_name,
    )
    name = '"' + guard.table_name.replace('"', '""') + '"'
    latest = case.one(f"select max(_loaded_at) from work.raw.{name}") if exists else None
    if latest is None:
        return []
    days = (case.as_of - latest).total_seconds() / 86400
    if days <= guard.max_age_days:
        return []
    return [
        f"raw.{guard.table_name} was last loaded {latest:%Y-%m-%d %H:%M} UTC,"
        f" {days:.1f} days before as_of (allowed {guard.max_age_days:g})"
    ]


SUMS = {
    "fct_leads": (
        "leads in rpt_lead_funnel (cohort) and fct_leads",
        "select sum(leads) from work.reports.rpt_lead_funnel where basis = 'cohort'",
        "select count(*) from work.marts.fct_leads",
    ),
    "fct_spend": (
        "spend in rpt_source_costs (period) and fct_spend",
        "select sum(spend) from work.reports.rpt_source_costs where basis = 'period'",
        "select sum(reporting_amount) from work.marts.fct_spend",
    ),
    "fct_row_accounting": (
        "raw rows and rows staged, superseded, quarantined or deleted",
        "select sum(row_count) from work.marts.fct_row_accounting",
        "select sum(staged + superseded + quarantined + deleted) "
        "from work.marts.fct_row_accounting",
    ),
}


def _reconciliation(case: _Case, guard: Guard) -> list[str]:
    if guard.table_name not in SUMS or case.place("work", guard.table_name) is None:
        return []
    what, left, right = SUMS[guard.table_name]
    a, b = case.one(left) or 0, case.one(right) or 0
    return [] if a == b else [f"{what} differ: {a:,} and {b:,}"]


def _doubled_spend(case: _Case, guard: Guard) -> list[str]:
    if case.released_as_of is None or case.place("released", "fct_spend") is None:
        return _repeated_files(case, guard)
    content = ", ".join(BOOKING)
    new, doubled = case.connection.execute(
        f"""
        with
            counted as (
                select spend_id, count(*) over (partition by {content}) as copies
                from work.marts.fct_spend
                where amount <> 0
            )
        select count(*), count_if(copies > 1)
        from counted
        where spend_id not in (select spend_id from released.marts.fct_spend)
        """
    ).fetchone() or (0, 0)
    if new < max(1, guard.min_rows or 1) or doubled <= (guard.max_ratio or 0.0) * new:
        return []
    return [
        f"{doubled:,} of {new:,} new bookings in fct_spend equal another booking in all but their"
        f" id (allowed {guard.max_ratio or 0:.0%}): a spend file came twice"
    ]


# Spend files of the lake of which every row stands in another file under another id. Rows whose id
# is in several files are versions of one booking, and no file with such a row is meant.
REPEATED_FILES = """
    with
        landed as (
            select null as filename, * from work.raw.spend where false
            union all by name
            from read_parquet(?, union_by_name = true, filename = true)
        ),
        bookings as (
            select
                filename,
                spend_date,
                min(filename) over (partition by spend_id) = max(filename) over (
                    partition by spend_id
                ) as is_in_one_file,
                dense_rank() over (order by {content}) as content
            from landed
            where amount <> 0
        ),
        files as (
            select
                filename,
                count(*) as row_count,
                count(distinct content) as contents,
                min(spend_date) as first_date,
                max(spend_date) as last_date
            from bookings
            group by filename
            having bool_and(is_in_one_file)
        ),
        counted as (
            select filename, content, count(*) as copies
            from bookings
            where filename in (select filename from files)
            group by all
        ),
        pairs as (
            select
                one.filename as file, other.filename as other_file,
                sum(least(one.copies, other.copies)) as common
            from counted as one
            inner join counted as other
                on one.content = other.content and one.filename <> other.filename
            group by all
        )
    select distinct files.row_count, files.first_date, files.last_date
    from pairs
    inner join files on pairs.file = files.filename
    inner join files as others on pairs.other_file = others.filename
    where
        pairs.common = files.row_count
        and files.contents >= ?
        and (files.row_count, files.filename) < (others.row_count, others.filename)
    order by all
"""


def _repeated_files(case: _Case, guard: Guard) -> list[str]:
    """What can be said without a release; an EL tool's table has no files."""
    files = [pattern(path) for path in case.lake.glob("spend/*.parquet")]
    if "spend" in el_tables(case.connection) or len(files) < 2:
        return []
    query = REPEATED_FILES.format(content=", ".join(BOOKING))
    found = case.connection.execute(query, [files, max(1, guard.min_rows or 1)]).fetchall()
    return [
        f"a file of {rows:,} rows of spend from {first} to {last} repeats another in all but the"
        " ids: a spend file came twice"
        for rows, first, last in found
    ]


def _golden_leads(case: _Case, guard: Guard) -> list[str]:
    if not case.has("policy", "golden_leads"):
        return []
    reached = " ".join(f"when '{stage}' then leads.has_reached_{stage}" for stage in STAGES)
    missing, behind = case.connection.execute(
        f"""
        select
            count_if(leads.lead_id is null),
            count_if(leads.lead_id is not null and not coalesce(
                case coalesce(golden.reached_stage, 'lead') {reached} else true end, false
            ))
        from work.policy.golden_leads as golden
        left join work.marts.bridge_lead_identity as bridge on golden.lead_id = bridge.lead_id
        left join work.marts.fct_leads as leads on bridge.survivor_lead_id = leads.lead_id
        """
    ).fetchone() or (0, 0)
    told = []
    if missing:
        told.append(f"{missing:,} leads of golden_leads are missing from fct_leads")
    if behind:
        told.append(f"{behind:,} leads of golden_leads are not at the stage that they had reached")
    return told


def _rejected(case: _Case, guard: Guard) -> list[str]:
    """Rows that the loads since the last release could not type, as a share of theirs."""
    if not case.has("raw", REJECTED_ROWS):
        return []
    released_at = "select max(ended_at) from work.ops.runs where outcome = 'released'"
    since = case.one(released_at) if case.has("ops", "runs") else None
    is_new = "(cast(? as timestamp) is null or _landed_at > ?)"
    rejected = case.one(
        "select count(*) from work.raw.rejected_rows where table_name = ?"
        f" and not ends_with(reason, ?) and {is_new}",
        *(guard.table_name, NO_SUCH_ROW, since, since),
    )
    files = [pattern(path) for path in (case.lake / guard.table_name).glob("*.parquet")]
    if not rejected or not files:
        return []
    read = f"select count(*) from read_parquet(?, union_by_name = true) where {is_new}"
    rows = rejected + case.one(read, files, since, since)
    share = guard.max_ratio or 0.0
    if rejected <= share * rows:
        return []
    return [
        f"{rejected:,} of {rows:,} rows of {guard.table_name} that came since the last release were"
        f" rejected (at most {share:.0%} may be); raw.rejected_rows has them"
    ]


DELETED = "coalesce(is_deleted, false)"
# Columns on which an amount of money or its place depends.
MONEY_SAYS = {
    "spend": (
        "spend_date",
        "amount",
        "currency",
        "lead_source",
        "campaign_id",
        "is_refund",
        DELETED,
    ),
    "opportunities": (
        *("status", "amount", "currency", "lead_id", "created_at", "closed_at"),
        DELETED,
    ),
    "exchange_rates": ("rate_to_reporting",),
}


def _conflicting_rows(case: _Case, guard: Guard) -> list[str]:
    """Keys whose current row and another of the same times tell of different money."""
    table = guard.table_name
    if table not in MONEY_SAYS or not case.has("staging", f"stg_raw__{table}"):
        return []
    key = "record_key, version_at" if table == "opportunities" else "record_key"
    said = ", ".join(MONEY_SAYS[table])
    found = case.connection.execute(
        f"""
        select distinct record_key
        from (
            select *, max(_loaded_at) over (partition by {key}) as newest_at
            from work.staging.stg_raw__{table}
        )
        where _loaded_at = newest_at
        group by {key}
        having count(distinct hash({said})) > 1
        order by record_key
        """
    ).fetchall()
    if not found:
        return []
    shown = [one for (one,) in found if "@" not in one][:3]
    is_one = len(found) == 1
    return [
        f"{len(found):,} {'key' if is_one else 'keys'} of {table} ({', '.join(shown)})"
        f" {'has' if is_one else 'have'} rows that differ in money and in no time that says which"
        " is newer"
    ]


# Of the same directory under the same mapping; what was stopped is not what is expected.
LAST_LOAD = """
    select max_by(loaded_tables, run_number)
    from work.ops.runs
    where outcome = 'released' and source = ? and mapping is not distinct from ?
"""


def _missing_file(case: _Case, guard: Guard) -> list[str]:
    """Whether a table has no file that had one when this source was loaded before."""
    run, table = case.run, guard.table_name
    if run is None or run.source is None or table in run.loaded_tables:
        return []
    if not case.has("ops", "runs"):
        return []
    before = case.one(LAST_LOAD, run.source, run.mapping)
    if before is None or table not in json.loads(before):
        return []
    return [f"{table} had a file in the last load of {run.source} and has none, or an empty one"]


CHECKS: dict[str, Callable[[_Case, Guard], list[str]]] = {
    "volume": _volume,
    "zero_rows": _zero_rows,
    "stale_source": _stale_source,
    "reconciliation": _reconciliation,
    "doubled_spend": _doubled_spend,
    "golden_leads": _golden_leads,
    "rejected": _rejected,
    "conflicting_rows": _conflicting_rows,
    "missing_file": _missing_file,
}
