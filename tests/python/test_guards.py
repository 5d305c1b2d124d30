"""A release that is consistent and unlikely is stopped, by name, and can be let through once."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from test_refresh import (
    FILES,
    ROOT,
    assert_one_line,
    project,
    released,
    run,
    warehouse,
)

from qualified_leads.errors import UsageError
from qualified_leads.refresh.guards import GUARDS, GuardError, check_accepted, check_guards
from qualified_leads.refresh.runs import CREATE, RUNNING, Run, note_end, note_start
from qualified_leads.release.publish import linked_release, release

__all__ = ["project", "warehouse"]  # fixtures

pytestmark = pytest.mark.promise("A suspicious load stops before release")
AS_OF = datetime(2026, 7, 1)
LOADED = "2026-06-30 00:00:00"


def write_work(
    place: Path,
    leads: int = 200,
    spend: str = "select range as n from range(200)",
    loaded: str = LOADED,
    golden: str = "",
    lost: int = 0,
    rejected: int = 0,
    conflict: str = "currency as currency",
) -> Path:
    """A work file with the project's own guards; `lost` rows are nowhere in the accounts.

    Of `rejected` rows of spend 95 others came along; `conflict` is what its first row says as well.
    """
    place.mkdir(exist_ok=True)
    if rejected:
        (place / "raw" / "spend").mkdir(parents=True)
        duckdb.execute(
            f"copy (select timestamp '{LOADED}' as _landed_at from range(95))"
            f" to '{place}/raw/spend/0.parquet'"
        )
    work = place / "work.duckdb"
    work.unlink(missing_ok=True)
    with duckdb.connect(str(work)) as connection:
        for schema in ("raw", "policy", "marts", "reports"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            f"""
            create table policy.release_guards as
            from read_csv('{ROOT}/seeds/release_guards.csv', header = true);
            create table policy.golden_leads (lead_id text, reached_stage text, reason text);
            {f"insert into policy.golden_leads values {golden};" if golden else ""}
            create table raw.leads as select timestamp '{loaded}' as _loaded_at;
            create table raw.activities as from raw.leads;
            create table marts.fct_leads as
            select cast(i as text) as lead_id, i < 50 as has_reached_mql, false as has_reached_sal,
                false as has_reached_sql, false as has_reached_opportunity,
                false as has_reached_customer
            from range({leads}) t(i);
            create table marts.bridge_lead_identity as
            select lead_id, lead_id as survivor_lead_id from marts.fct_leads;
            create table marts.fct_opportunities as select range as opportunity_id from range(200);
            create table marts.fct_spend as
            select cast(n as text) as spend_id,
                date '2026-01-01' + cast(n % 100 as int) as spend_date,
                'event' as lead_source, null::text as campaign_id, 'event' as category,
                false as is_refund,
                cast(n % 100 + 1 as decimal(20, 6)) as amount, 'EUR' as currency,
                cast(n % 100 + 1 as decimal(20, 2)) as reporting_amount, n // 100 as impressions,
                null::bigint as clicks
            from ({spend});
            create table marts.fct_row_accounting as
            select 'leads' as table_name, {leads} as row_count, {leads} - {lost} as staged,
                0 as superseded, 0 as quarantined, 0 as deleted;
            create table reports.rpt_lead_funnel as
            select 'cohort' as basis, count(*) as leads from marts.fct_leads;
            create view raw.rejected_rows as
            select 'spend' as table_name, 'x: not y' as reason, timestamp '{LOADED}' as _landed_at
            from range({rejected});
            create schema staging;
            create table staging.stg_raw__spend as
            select spend_id as record_key, * exclude (spend_id), timestamp '{LOADED}' as _loaded_at,
                false as is_deleted
            from marts.fct_spend;
            insert into staging.stg_raw__spend
            select * replace ({conflict}) from staging.stg_raw__spend limit 1;
            create table reports.rpt_source_costs as
            select 'period' as basis, sum(reporting_amount) as spend from marts.fct_spend;
            """
        )
    return work


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """A warehouse with a release of 200 leads and 200 bookings."""
    place = tmp_path / "guarded"
    write_work(place)
    release(place, AS_OF)
    return place


GROWN = "select range as n from range(320)"
STOPS = {
    "rows that can't be typed": (
        {"rejected": 6},
        r"rejected: 6 of 101 rows of spend that came since the last release were rejected "
        r"\(at most 5% may be\)",
    ),
    "two amounts of one cost": (
        {"conflict": "amount + 1 as amount"},
        r"conflicting_rows: 1 key of spend \(\d+\) has rows that differ in money",
    ),
    "a cost that is deleted and isn't": (
        {"conflict": "true as is_deleted"},
        r"conflicting_rows: 1 key of spend",
    ),
    "an export cut off": (
        {"leads": 179},
        r"volume: fct_leads has 179 rows, the last release 200 \(0\.90 times, allowed 0\.9 to 2\)",
    ),
    "ids that changed": ({"leads": 401}, r"volume: fct_leads has 401 rows"),
    "no leads": ({"leads": 0}, r"zero_rows: fct_leads has no rows, the last release 200"),
    "no spend": ({"spend": "select 1 as n where false"}, r"zero_rows: fct_spend has no rows"),
    "an export that stopped": (
        {"loaded": "2026-06-23 23:00:00"},
        r"stale_source: raw\.leads was last loaded 2026-06-23 23:00 UTC, 7\.0 days before as_of "
        r"\(allowed 7\)",
    ),
    "rows lost": (
        {"lost": 3},
        r"reconciliation: raw rows and rows staged, superseded, quarantined or deleted differ: "
        r"200 and 197",
    ),
    "a golden lead gone": (
        {"golden": "('unheard of', null, ''), ('3', 'mql', '')"},
        r"golden_leads: 1 leads of golden_leads are missing from fct_leads",
    ),
    "a golden lead fallen back": (
        {"golden": "('60', 'mql', ''), ('3', 'mql', ''), ('60', 'lead', '')"},
        r"golden_leads: 1 leads of golden_leads are not at the stage",
    ),
}


@pytest.mark.parametrize("name", STOPS)
def test_unlikely_data_is_stopped_by_name_and_can_be_accepted(before: Path, name: str) -> None:
    changes, pattern = STOPS[name]
    work = write_work(before, **changes)
    with pytest.raises(GuardError) as stop:
        check_guards(work, linked_release(before), AS_OF)
    said = str(stop.value)
    assert re.search(pattern, said), said
    assert "nothing released" in said and "\n" not in said
    names = re.findall(r"--accept (\S+)", said)
    accepted = check_guards(work, linked_release(before), AS_OF, names)
    assert accepted and any(re.search(pattern, text) for text in accepted)
    with pytest.raises(GuardError):  # once only
        check_guards(work, linked_release(before), AS_OF)


def test_spend_file_that_came_twice_is_stopped(before: Path) -> None:
    work = write_work(before)
    copy = """
        insert into marts.fct_spend
        select 'again ' || spend_id, * exclude (spend_id) from marts.fct_spend limit 100
    """
    with duckdb.connect(str(work)) as connection:
        connection.execute(copy)
        connection.execute(
            "update reports.rpt_source_costs set spend = "
            "(select sum(reporting_amount) from marts.fct_spend)"
        )
    with pytest.raises(GuardError, match="100 of 100 new bookings in fct_spend equal another"):
        check_guards(work, linked_release(before), AS_OF)


CONTENT = """
    date '2026-01-01' + cast(i % 100 as int) as spend_date, 'event' as lead_source,
    null::text as campaign_id, 'event' as category, false as is_refund, i % 100 + 1 as amount,
    null::text as currency, i // 100 as impressions, null::bigint as clicks
"""
FIRST_BUILDS = {
    "the same file under other ids": (["L' || i", "M' || i"], 100, 1),
    "a part of it under other ids": (["L' || i", "M' || i"], 80, 1),
    "newer versions": (["L' || i", "L' || i"], 100, 0),
    "too few to tell": (["L' || i", "M' || i"], 9, 0),
    "another amount in one row": (["L' || i", "M' || i"], -100, 0),
}


@pytest.mark.parametrize("name", FIRST_BUILDS)
def test_spend_file_that_came_twice_stops_the_first_build(tmp_path: Path, name: str) -> None:
    ids, rows, stops = FIRST_BUILDS[name]
    work = write_work(tmp_path / "new")
    lake = tmp_path / "new" / "raw" / "spend"
    lake.mkdir(parents=True)
    sizes = (100, abs(rows))
    with duckdb.connect(str(work)) as connection:
        for number, (text, size) in enumerate(zip(ids, sizes, strict=True)):
            # Of a file with other rows some are dearer.
            dearer = "amount + cast(spend_date = '2026-01-05' as int)" if rows < 0 else "amount"
            shown = f"* replace ({dearer} as amount)" if number else "*"
            connection.execute(
                f"copy (select {shown} from (select '{text} as spend_id, {CONTENT} "
                f"from range({size}) t(i))) to '{lake}/{number}.parquet'"
            )
        # As the project's own views are: those of an EL tool read no files of the lake.
        connection.execute(
            "create view raw.spend as select * from (select cast(null as varchar) as spend_id "
            f"where false union all by name from read_parquet('{lake}/*.parquet')) as rows"
        )
    if not stops:
        assert check_guards(work, None, AS_OF) == []
        return
    said = rf"doubled_spend: a file of {rows} rows of spend from 2026-01-01 to .* repeats another"
    with pytest.raises(GuardError, match=said):
        check_guards(work, None, AS_OF)
    assert check_guards(work, None, AS_OF, ["doubled_spend:fct_spend"])


ORDINARY = {
    "the same again": {},
    "a twentieth that can't be typed": {"rejected": 5},
    "a tenth fewer leads": {"leads": 180},
    "twice as many leads": {"leads": 400},
    "a good month": {"spend": GROWN},
    "a week without an export, to the second": {"loaded": "2026-06-24 00:00:00"},
    "golden leads where they were": {"golden": "('3', 'mql', ''), ('60', 'lead', '')"},
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_day_is_not_stopped(before: Path, name: str) -> None:
    work = write_work(before, **ORDINARY[name])
    assert check_guards(work, linked_release(before), AS_OF) == []


def test_first_build_and_an_earlier_moment_are_compared_with_nothing(before: Path) -> None:
    work = write_work(before, leads=5, loaded="2020-01-01 00:00:00")
    assert check_guards(work, None, AS_OF) == []
    work = write_work(before, leads=5)
    assert check_guards(work, linked_release(before), datetime(2026, 6, 1)) == []


def test_few_rows_are_not_judged(tmp_path: Path) -> None:
    place = tmp_path / "small"
    write_work(place, leads=90)
    release(place, AS_OF)
    assert check_guards(write_work(place, leads=10), linked_release(place), AS_OF) == []


# A table that a source sends no more


def after_loads(place: Path, *loads: Run) -> Path:
    """A work file with the account of these refreshes; those without another outcome released."""
    work = write_work(place)
    for one in loads:
        outcome = "released" if one.outcome == RUNNING else one.outcome
        note_start(work, one)
        one.outcome = outcome
        note_end(work, one)
    return work


def loaded(*tables: str, source: str = "/exports", **more: Any) -> Run:
    return Run(source=source, loaded_tables=list(tables), **more)


def test_a_table_that_a_source_sends_no_more_stops_a_release(tmp_path: Path) -> None:
    work = after_loads(tmp_path / "w", loaded("leads", "spend", "activities"))
    stop = (
        "missing_file: activities had a file in the last load of /exports and has none, or an empty"
        " one; missing_file: spend had a file .* --accept missing_file:activities --accept"
        " missing_file:spend"
    )
    with pytest.raises(GuardError, match=stop):
        check_guards(work, None, AS_OF, run=loaded("leads"))
    with pytest.raises(GuardError, match="missing_file: spend"):
        check_guards(work, None, AS_OF, ["missing_file:activities"], loaded("leads"))
    assert len(check_guards(work, None, AS_OF, ["missing_file"], loaded("leads"))) == 2


@pytest.mark.parametrize(
    "tonight",
    [
        loaded("leads", "spend", "deals"),
        loaded("leads", source="/exports/2026-07-01"),
        loaded("leads", mapping="/mappings/other.yml"),
        Run(),
        None,
    ],
)
def test_other_directories_and_mappings_are_not_compared(
    tmp_path: Path, tonight: Run | None
) -> None:
    work = after_loads(tmp_path / "w", loaded("leads", "spend"))
    assert check_guards(work, None, AS_OF, run=tonight) == []


def test_what_was_released_is_what_is_expected(tmp_path: Path) -> None:
    """A stop that nobody accepted stops again, and one that was accepted does not."""
    stopped = loaded("leads", outcome="failed")
    work = after_loads(tmp_path / "w", loaded("leads", "spend"), stopped)
    with pytest.raises(GuardError, match="missing_file: spend"):
        check_guards(work, None, AS_OF, run=loaded("leads"))
    work = after_loads(tmp_path / "w", loaded("leads", "spend"), loaded("leads"))
    assert check_guards(work, None, AS_OF, run=loaded("leads")) == []


def test_an_account_without_sources_is_extended(tmp_path: Path) -> None:
    work = write_work(tmp_path / "w")
    with duckdb.connect(str(work)) as connection:
        connection.execute("create schema ops")
        connection.execute(CREATE)
        for column in ("source", "mapping", "loaded_tables"):
            connection.execute(f"alter table ops.runs drop {column}")
    tonight = loaded("leads")
    note_start(work, tonight)
    assert tonight.number == 1
    assert check_guards(work, None, AS_OF, run=tonight) == []


def test_only_guards_can_be_accepted() -> None:
    check_accepted([*GUARDS, "volume:fct_leads"])
    with pytest.raises(UsageError, match="--accept knows no 'everything'; it is one of volume"):
        check_accepted(["everything"])


# The whole command


def guarded(project: Path) -> None:
    """Give the small project the guard of leads, for any number of them, and that of files."""
    (project / "seeds").mkdir(exist_ok=True)
    (project / "seeds" / "release_guards.csv").write_text(
        "guard,table_name,min_ratio,max_ratio,min_rows,max_age_days,reason\n"
        "volume,fct_leads,0.9,2.5,1,,as a test\n"
        "missing_file,all,,,,,as a test\n"
    )
    described = (ROOT / "seeds" / "_seeds.yml").read_text()
    seeds = [
        seed for seed in yaml.safe_load(described)["seeds"] if seed["name"] == "release_guards"
    ]
    types = {"column_types": seeds[0]["config"]["column_types"]}
    (project / "seeds" / "_seeds.yml").write_text(
        yaml.safe_dump({"seeds": [{"name": "release_guards", "config": types}]})
    )
    settings = FILES["dbt_project.yml"] + "seeds: { qualified_leads: { +schema: policy } }\n"
    (project / "dbt_project.yml").write_text(settings.lstrip())


def account(warehouse: Path) -> list[tuple]:
    query = "select outcome, exit_status, message, release, row_counts from ops.runs order by 1, 2"
    with duckdb.connect(str(warehouse / "work.duckdb"), read_only=True) as connection:
        return connection.execute(query.replace("order by 1, 2", "order by run_number")).fetchall()


def test_refresh_misses_the_file_of_a_table(project: Path, warehouse: Path, tmp_path: Path) -> None:
    """Also where nothing else has changed, and as often as it is missing."""
    guarded(project)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "leads.csv").write_text("lead_id,created_at\nL1,2026-01-01\n")
    spend = tmp_path / "files" / "spend.csv"
    spend.write_text("spend_id,spend_date,amount\nS1,2026-01-01,5\n")
    given = (str(tmp_path / "files"), "--as-of", "2026-07-01")
    assert run(project, warehouse, *given).returncode == 0
    spend.unlink()
    for _ in range(2):
        stopped = run(project, warehouse, *given)
        assert stopped.returncode == 1
        assert_one_line(stopped.stderr, "missing_file: spend had a file .*--accept missing_file:sp")
    for options in (("--accept", "missing_file:spend"), ()):
        assert run(project, warehouse, *given, *options).returncode == 0


def test_refresh_is_stopped_let_through_and_accounted_for(project: Path, warehouse: Path) -> None:
    guarded(project)
    shutil.rmtree(project / "target", ignore_errors=True)
    at = ("--as-of", "2026-07-01")
    assert run(project, warehouse, *at).returncode == 0
    first = os.readlink(warehouse / "qualified_leads.duckdb")
    again = (
        *at,
        "--full-refresh",
    )  # what the environment says is no change that a refresh looks for
    stopped = run(project, warehouse, *again, LEAD_COUNT="1")
    assert stopped.returncode == 1
    assert_one_line(stopped.stderr, r"stopped before release by volume: fct_leads has 1 rows")
    assert os.readlink(warehouse / "qualified_leads.duckdb") == first
    failed = run(project, warehouse, *again, "--log-format", "json", LEAD_COUNT="5")
    events = [json.loads(line) for line in failed.stdout.splitlines()]
    assert [e["status"] for e in events if e.get("type") == "test"].count("fail") == 1
    assert (events[0]["event"], events[-1]["event"]) == ("run_started", "run_ended")
    assert_one_line(failed.stderr, "failed: accepted_values_fct_leads")
    passed = run(project, warehouse, *again, "--accept", "volume", LEAD_COUNT="1")
    assert passed.returncode == 0, passed.stderr
    assert "accepted: volume: fct_leads has 1 rows" in passed.stderr
    assert released(warehouse, "select count(*) from marts.fct_leads") == [(1,)]
    refused = run(project, warehouse, *at, "--accept", "all")
    assert refused.returncode == 2
    rows = account(warehouse)
    assert [row[:2] for row in rows] == [
        ("released", 0),
        ("failed", 1),
        ("failed", 1),
        ("released", 0),
    ]
    assert rows[0][3] == first.removeprefix("releases/")
    assert json.loads(rows[0][4])["marts.fct_leads"] == 3
    assert rows[1][2] in stopped.stderr and rows[2][2] in failed.stderr
