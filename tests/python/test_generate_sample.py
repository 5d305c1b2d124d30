"""The sample data generator: deterministic, in the contract, believable, dirty in small shares."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness import build_case

from qualified_leads.contract import REJECTED_ROWS, load_contract
from qualified_leads.paths import import_path
from team.sample import generate as sample
from team.sample import write as sample_write
from team.sample.activities import TYPES
from team.sample.generate import SampleError, generate
from team.sample.sales import CRITERIA
from team.sample.sources import SPELLINGS, VISITS

ROOT = Path(__file__).parents[2]
LEADS, ACTIVITIES = 4_000, 120_000
UNMAPPED = {"chatgpt.com"}
PEAK_MIB = 700  # about twice what 2 million activities take


def digests(folder: Path) -> dict[str, str]:
    """Return a hash per file of a directory tree."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def connect(folder: Path) -> duckdb.DuckDBPyConnection:
    """Return a connection with a view of text columns per CSV file."""
    connection = duckdb.connect()
    for path in folder.glob("*.csv"):
        connection.execute(
            f"create view {path.stem} as select * from read_csv('{path}', header = true, "
            "all_varchar = true, quote = '\"', parallel = false)"
        )
    return connection


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    folder = tmp_path_factory.mktemp("sample") / "raw"
    return folder, generate(LEADS, ACTIVITIES, 1, folder)


@pytest.fixture(scope="module")
def db(sampled: tuple[Path, dict[str, int]]) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(sampled[0]) as connection:
        yield connection


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a small run go the way of a large one: Parquet, many slices, several parts."""
    monkeypatch.setattr(sample, "CSV_ACTIVITIES", 1_000)
    monkeypatch.setattr(sample, "SLICE_ACTIVITIES", 2_000)
    monkeypatch.setattr(sample_write, "ROWS_PER_PART", 5_000)


def scalar(db: duckdb.DuckDBPyConnection, query: str) -> float:
    row = db.execute(query).fetchone()
    assert row is not None
    return row[0]


def test_same_arguments_give_the_same_bytes_whatever_the_threads(
    tmp_path: Path, small_slices: None
) -> None:
    threads = pa.cpu_count()
    try:
        for count in (1, 2):
            pa.set_cpu_count(count)
            generate(400, 20_000, 7, tmp_path / str(count))
    finally:
        pa.set_cpu_count(threads)
    first, second = digests(tmp_path / "1"), digests(tmp_path / "2")
    assert first == second
    assert len(first) > len(load_contract()) - 2


def test_another_seed_or_end_gives_other_data(tmp_path: Path) -> None:
    generate(200, 3_000, 1, tmp_path / "a")
    generate(200, 3_000, 2, tmp_path / "b")
    generate(200, 3_000, 1, tmp_path / "c", end=datetime(2025, 3, 14, 15, 9))
    a, b, c = (digests(tmp_path / name) for name in "abc")
    assert not [name for name in a if name != "campaigns.csv" and a[name] in (b[name], c[name])]


def test_columns_are_those_of_the_contract_in_its_order(
    sampled: tuple[Path, dict[str, int]], tmp_path: Path, small_slices: None
) -> None:
    tables = {name: t for name, t in load_contract().items() if name != REJECTED_ROWS}
    assert {path.stem for path in sampled[0].glob("*.csv")} == set(tables)
    for name, table in tables.items():
        with (sampled[0] / f"{name}.csv").open(encoding="utf-8") as stream:
            header = stream.readline().rstrip("\n").split(",")
        assert header == [c.name for c in table.columns if c.name != "_landed_at"]
    generate(200, 4_000, 1, tmp_path / "p")
    part = next((tmp_path / "p" / "activities").glob("*.parquet"))
    schema = pq.read_schema(part)
    assert schema.names == [c.name for c in tables["activities"].columns if c.name != "_landed_at"]
    assert schema.field("lead_id").type == pa.string()
    assert pa.types.is_timestamp(schema.field("occurred_at").type)


def test_every_value_has_the_contract_type_but_for_the_malformed_rows(
    sampled: tuple[Path, dict[str, int]], db: duckdb.DuckDBPyConnection
) -> None:
    for name, table in load_contract().items():
        if name == REJECTED_ROWS:
            continue
        bad = " or ".join(
            f"({c.name} is not null and try_cast({c.name} as {c.data_type}) is null)"
            + (f" or {c.name} is null" if c.is_required else "")
            for c in table.columns
            if c.name != "_landed_at"
        )
        assert scalar(db, f"select count(*) from {name}") == sampled[1][name]
        wrong = scalar(db, f"select count(*) from {name} where {bad}")
        assert wrong == len(sample.MALFORMED.get(name, ())), name


def test_row_counts_are_those_asked_for(
    sampled: tuple[Path, dict[str, int]], db: duckdb.DuckDBPyConnection
) -> None:
    malformed = len(sample.MALFORMED["activities"])
    assert sampled[1]["activities"] == ACTIVITIES + malformed
    distinct = "select count(distinct lead_id) from leads where lead_id < 'L8'"
    assert scalar(db, distinct) == LEADS
    assert 1.1 * LEADS < sampled[1]["leads"] < 1.6 * LEADS


def test_large_runs_write_parquet_parts_with_keys_that_do_not_collide(
    tmp_path: Path, small_slices: None
) -> None:
    seen: list[int] = []
    rows = generate(1_000, 24_000, 3, tmp_path / "p", progress=lambda done, _: seen.append(done))
    folder = tmp_path / "p"
    assert len(list((folder / "activities").glob("part-*.parquet"))) > 2
    assert rows["activities"] == seen[-1] == 24_000 and len(seen) > 5
    with connect(folder) as db:
        db.execute(f"create view activities as select * from '{folder}/activities/*.parquet'")
        for table, key, about in (
            ("activities", "activity_id", "lead_id || activity_type"),
            ("opportunities", "opportunity_id", "lead_id"),
            ("intent_signals", "signal_id", "signal_type || coalesce(strength, '')"),
            ("qualification_answers", "answer_id", "lead_id || criterion"),
        ):
            clash = f"select {key} from {table} group by 1 having count(distinct {about}) > 1"
            # An opportunity of an unknown lead is dirt that only one of its versions shows.
            allowed = 30 if table == "opportunities" else 0
            assert scalar(db, f"select count(*) from ({clash})") <= allowed, table
        twice = "select count(*) - count(distinct activity_id) from activities"
        assert 0 < scalar(db, twice) < 24_000 * 0.01


def test_tiny_runs_work(tmp_path: Path) -> None:
    for leads, activities in ((1, 0), (1, 1), (2, 500), (60, 20)):
        rows = generate(leads, activities, 1, tmp_path / "tiny")
        assert rows["activities"] == activities + len(sample.MALFORMED["activities"])


def test_an_older_sample_is_replaced_and_nothing_else_is(
    tmp_path: Path, small_slices: None
) -> None:
    generate(200, 4_000, 1, tmp_path / "out")
    generate(200, 500, 1, tmp_path / "out")
    assert not (tmp_path / "out" / "activities").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep")
    with pytest.raises(SampleError):
        generate(10, 10, 1, tmp_path / "mine")
    assert digests(tmp_path / "mine").keys() == {"notes.txt"}
    assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize(("leads", "activities", "seed"), [(0, 1, 1), (1, -1, 1), (1, 1, -1)])
def test_arguments_out_of_range_are_refused(
    tmp_path: Path, leads: int, activities: int, seed: int
) -> None:
    with pytest.raises(SampleError):
        generate(leads, activities, seed, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_command_says_what_is_wrong_in_one_line(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "generate_sample.py")]
    wrong = [*command, "--leads", "0", "--out", str(tmp_path / "out")]
    result = subprocess.run(wrong, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert len(result.stderr.strip().splitlines()) == 1 and "Traceback" not in result.stderr
    right = [*command, "--leads", "50", "--activities", "300", "--out", str(tmp_path / "out")]
    result = subprocess.run(right, capture_output=True, text=True, check=True)
    assert "activities" in result.stdout and (tmp_path / "out" / "spend.csv").exists()


def test_sources_differ_in_quality_and_cost(db: duckdb.DuckDBPyConnection) -> None:
    rows = db.execute(
        """
        with
            sources as (
                select lead_id, lower(any_value(lead_source)) as lead_source
                from leads group by lead_id
            ),
            wins as (select distinct lead_id from opportunities where lower(status) = 'won'),
            good as (select distinct lead_id from dispositions where lower(outcome) = 'accepted'),
            events as (select lead_id, count(*) as n from activities group by lead_id)
        select
            lead_source like '%referral%' as is_referral,
            avg((wins.lead_id is not null)::int), avg((good.lead_id is not null)::int),
            avg(coalesce(n, 0))
        from sources
        left join wins using (lead_id)
        left join good using (lead_id)
        left join events using (lead_id)
        where lead_source like '%referral%' or lead_source like '%syndication%'
        group by 1 order by 1
        """
    ).fetchall()
    (_, *syndication), (_, *referral) = rows
    assert referral[0] > 2 * syndication[0]
    assert referral[1] > 3 * syndication[1]
    assert referral[2] > 2 * syndication[2]
    cost = """
        select sum(try_cast(amount as double)) / (
            select count(distinct lead_id) from leads where lower(lead_source) like $1)
        from spend
        where is_refund is distinct from 'true'
            and (lower(lead_source) like $1 or lead_source is null and campaign_id in (
                select campaign_id from campaigns where lower(lead_source) like $1))
    """
    event, webinar, cheap = (
        db.execute(cost, [name]).fetchone()[0] for name in ("event", "webinar%", "%syndication")
    )
    assert cheap < webinar < event


def test_outcomes_depend_on_fit_and_engagement(db: duckdb.DuckDBPyConnection) -> None:
    lift = """
        with
            people as (
                select lead_id, any_value(job_title) as job_title from leads group by lead_id
            ),
            events as (select lead_id, count(*) as n from activities group by lead_id),
            won as (select distinct lead_id from opportunities),
            joined as (
                select n, (won.lead_id is not null)::int as rate,
                    lower(job_title) similar to '.*(chief|vp|director|c.o).*' as is_senior
                from people join events using (lead_id) left join won using (lead_id)
            )
        select
            avg(case when is_senior then rate end) / avg(case when not is_senior then rate end),
            avg(case when n > 30 then rate end) / avg(case when n <= 30 then rate end)
        from joined
    """
    senior, busy = db.execute(lift).fetchone()
    assert senior > 1.3
    assert busy > 3


def test_activities_come_in_sessions_at_working_hours_and_in_season(
    db: duckdb.DuckDBPyConnection,
) -> None:
    db.execute(
        """
        create or replace view timed as
        select *, try_cast(occurred_at as timestamp) as moment from activities
        where try_cast(occurred_at as timestamp) is not null and lead_id is not null
        """
    )
    near = """
        select avg((least(moment - before, after - moment) < interval 30 minute)::int)
        from (
            select moment, lag(moment) over w as before, lead(moment) over w as after
            from (select distinct lead_id, moment from timed)
            window w as (partition by lead_id order by moment)
        )
    """
    assert scalar(db, near) > 0.6
    assert scalar(db, "select avg((hour(moment) between 7 and 18)::int) from timed") > 0.8
    assert scalar(db, "select avg((dayofweek(moment) in (0, 6))::int) from timed") < 0.15
    days = "select count(*) / 14.0 from timed where moment >= '{0}' and moment < '{0}'::date + 14"
    calm, usual = (scalar(db, days.format(day)) for day in ("2025-12-20", "2025-11-10"))
    assert calm < 0.6 * usual
    before = """
        select avg((moment < created_at::timestamp)::int) from timed
        join (select lead_id, min(created_at) as created_at from leads group by 1) using (lead_id)
    """
    assert 0.02 < scalar(db, before) < 0.25


def test_campaigns_hang_on_the_types_that_carry_one(db: duckdb.DuckDBPyConnection) -> None:
    carriers = {
        name
        for (name,) in db.execute(
            "select activity_type from activities where campaign_id is not null group by 1"
        ).fetchall()
    }
    expected = {"ad_click", "webinar_registered", "webinar_attended", "event_attended",
                "content_download", "email_click", "form_submit"}  # fmt: skip
    assert carriers == expected
    unknown = """
        select count(*) from activities
        where campaign_id is not null and campaign_id not in (select campaign_id from campaigns)
    """
    assert scalar(db, unknown) == 0


def test_every_activity_type_and_source_spelling_occurs(db: duckdb.DuckDBPyConnection) -> None:
    types = db.execute("select distinct activity_type from activities").fetchall()
    assert {name for (name,) in types} == set(TYPES)
    raw = db.execute("select distinct lead_source from leads").fetchall()
    assert {name for (name,) in raw} == {*SPELLINGS, None}
    signals = db.execute("select distinct signal_type from intent_signals").fetchall()
    assert {name for (name,) in signals} == {"research", "comparison", "pricing"}


def test_visits_have_a_source_that_is_mostly_their_leads(db: duckdb.DuckDBPyConnection) -> None:
    found = {
        text
        for (text,) in db.execute("select distinct lead_source from activities").fetchall()
        if text is not None
    }
    assert found == set(VISITS)
    of_both = "select count(*) from activities where lead_source is not null and campaign_id {}"
    assert scalar(db, of_both.format("is not null")) == 0  # the campaign has its own
    visits = "from activities where activity_type = 'page_view' and lead_id < 'L8'"
    assert 0.02 < scalar(db, f"select avg((lead_source is null)::int) {visits}") < 0.2
    own = """
        select avg((activities.lead_source like 'google /%')::int) from activities
        join (select lead_id, any_value(lower(lead_source)) as lead_source from leads group by 1)
            as leads using (lead_id)
        where activity_type = 'page_view' and leads.lead_source = 'google ads'
    """
    assert 0.4 < scalar(db, own) < 0.8


def test_few_touches_have_an_unknown_source(
    sampled: tuple[Path, dict[str, int]], tmp_path: Path
) -> None:
    database = build_case(tmp_path, sampled[0], None, "2026-07-01")
    with duckdb.connect(str(database), read_only=True) as work:
        shares = work.execute(
            """
            select
                attribution_model,
                sum(credit) filter (lead_source = 'unknown')
                / sum(credit) filter (lead_source <> 'unattributed')
            from marts.fct_attribution_credits
            group by attribution_model
            """
        ).fetchall()
    assert len(shares) > 5
    assert all(0 < share <= 0.2 for _, share in shares), shares


def test_policy_seeds_know_the_values_of_the_sample() -> None:
    seeds = ROOT / "seeds"
    with duckdb.connect() as db:
        mapped = db.execute(
            f"""
            select distinct lower(trim(value)) from (
                select unnest(string_split(raw_value, '|')) as value
                from read_csv('{seeds}/lead_source_map.csv') where comparison in ('in', 'equals'))
            """
        ).fetchall()
        ruled = db.execute(
            f"select distinct activity_type from read_csv('{seeds}/activity_rules.csv')"
        ).fetchall()
        criteria = db.execute(
            f"select distinct criterion from read_csv('{seeds}/qualification_criteria.csv')"
        ).fetchall()
    unknown = {text for text in SPELLINGS if (text.lower(),) not in mapped}
    assert unknown == UNMAPPED
    assert {(name,) for name in TYPES} <= set(ruled)
    assert {(name,) for _, names, _ in CRITERIA for name in names} == set(criteria)


DIRT = {
    "merged leads": "select count(*) from leads where merged_into_lead_id is not null",
    "chains of merges": """select count(*) from leads a join leads b
        on a.merged_into_lead_id = b.lead_id where b.merged_into_lead_id is not null""",
    "circle of merges": """select count(*) from leads a join leads b
        on a.merged_into_lead_id = b.lead_id and b.merged_into_lead_id = a.lead_id
        where a.lead_id < b.lead_id""",
    "shared e-mails": """select count(*) from (select lower(trim(email)) from leads
        where email is not null group by 1
        having count(distinct lead_id) > 1 and count(distinct email) > 1)""",
    "versions of leads": """select count(*) from (select lead_id from leads group by 1
        having count(distinct updated_at) > 1)""",
    "deleted leads": "select count(*) from leads where is_deleted = 'true'",
    "leads of the future": """select count(*) from leads
        where created_at between '2026-07' and '2027'""",
    "late activities": """select count(*) from activities
        where try_cast(_loaded_at as timestamp) - interval 2 day
            > try_cast(occurred_at as timestamp)""",
    "repeated activities": "select count(*) - count(distinct activity_id) from activities",
    "activities of the future": """select count(*) from activities
        where occurred_at between '2026-07' and '2027'""",
    "unknown leads": """select count(*) from activities anti join leads using (lead_id)
        where activities.lead_id is not null""",
    "negative spend": """select count(*) from spend
        where try_cast(amount as double) < 0 and is_refund is distinct from 'true'""",
    "refunds": """select count(*) from spend
        where try_cast(amount as double) < 0 and is_refund = 'true'""",
    "currency without rate": """select count(*) from spend
        where currency not in (select currency from exchange_rates union select 'EUR')""",
    "unknown consent": "select count(*) from consents where status = 'pending'",
    "unknown outcome": "select count(*) from dispositions where outcome = 'escalated'",
    "unknown framework": "select count(*) from qualification_answers where framework = 'CHAMP'",
    "unknown status": "select count(*) from opportunities where status = 'stalled'",
    "signals of nobody": """select count(*) from intent_signals
        where domain is null and lead_id is null""",
    "bought consent": "select count(*) from consents where basis = 'purchased'",
    "withdrawn consent": "select count(*) from consents where status = 'withdrawn'",
    "answers that flip": """select count(*) from (select lead_id from qualification_answers
        group by lead_id, criterion having count(distinct is_met) > 1)""",
    "reopened wins": """select count(*) from opportunities a join opportunities b
        using (opportunity_id) where a.status = 'won' and b.status = 'open'
        and b.updated_at > a.updated_at""",
    "second chances": """select count(*) from (select lead_id from dispositions
        where outcome in ('recycled', 'accepted') group by 1 having count(distinct outcome) > 1)""",
    "reopened by a demo": """select count(*) from dispositions d join activities a
        using (lead_id) where outcome = 'disqualified' and activity_type = 'demo_request'
        and a.occurred_at > d.occurred_at""",
    "throwaway addresses": "select count(*) from leads where email like '%@mailinator.com'",
    "text with commas": "select count(*) from companies where company_name like '%,%'",
    "text with line breaks": """select count(*) from qualification_answers
        where evidence like '%\n%'""",
}  # fmt: skip


@pytest.mark.parametrize("name", DIRT)
def test_dirt_is_there_and_rare(db: duckdb.DuckDBPyConnection, name: str) -> None:
    count = scalar(db, DIRT[name])
    assert 0 < count < LEADS * 0.6


def test_nothing_real_lies_after_the_end(db: duckdb.DuckDBPyConnection) -> None:
    for table, column in (
        ("leads", "created_at"),
        ("consents", "occurred_at"),
        ("opportunities", "created_at"),
        ("lead_attributes", "captured_at"),
    ):
        later = f"select avg(({column} >= '2026-06-30')::int) from {table}"
        assert scalar(db, later) < 0.01, table
        early = f"select count(*) from {table} where {column} < '2024-12-31'"
        assert scalar(db, early) == 0, table
    exported = "select max(_loaded_at) from activities where lead_id is not null"
    assert scalar(db, exported) <= "2026-06-30 00:00:00"


def test_experiments_and_frameworks_are_complete(db: duckdb.DuckDBPyConnection) -> None:
    arms = db.execute(
        "select experiment_id, count(distinct variant) from experiment_assignments group by 1"
    ).fetchall()
    assert sorted(n for _, n in arms) == [2, 3]
    twice = """select count(*) from (select lead_id from experiment_assignments
        where lead_id < 'L8' group by experiment_id, lead_id having count(distinct variant) > 1)"""
    assert scalar(db, twice) == 0


def test_memory_does_not_grow_with_the_activities(tmp_path: Path) -> None:
    script = (
        "import re; from pathlib import Path;"
        "from team.sample.generate import generate;"
        f"rows = generate(20_000, 2_000_000, 1, Path({str(tmp_path / 'big')!r}));"
        "assert rows['activities'] == 2_000_000;"
        # Of this program alone: getrusage also knows the process that started it.
        "status = Path('/proc/self/status').read_text();"
        "print(int(re.search(r'VmHWM:\\s+(\\d+)', status)[1]) // 1024)"
    )
    result = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(import_path())},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(result.stdout) < PEAK_MIB
