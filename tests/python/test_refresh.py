"""The refresh command on a project of four models: its lock, its exit status and its one line."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from harness import assert_no_defect

from qualified_leads.engine import check_engine
from qualified_leads.errors import UsageError
from qualified_leads.figures import format_money, format_rate
from qualified_leads.lock import WarehouseBusyError, warehouse_lock
from qualified_leads.paths import import_path
from qualified_leads.refresh import dbt_run
from qualified_leads.refresh.dbt_run import DbtFailedError, build_arguments
from qualified_leads.refresh.decision import Changed, Everything
from qualified_leads.refresh.job import parse_as_of
from qualified_leads.refresh.screen import SourceTotals, Unmapped, total_of, unmapped_line

ROOT = Path(__file__).resolve().parents[2]

FILES = {
    "dbt_project.yml": """
name: qualified_leads
profile: qualified_leads
flags: { send_anonymous_usage_stats: false }
vars:
  as_of: null
  reporting_currency: USD
  maturity_days: 90
  attribution_lookback_days: 90
  allow_protected_attributes: false
on-run-start:
  - "{{ begin_refresh() if execute }}"
  - >-
    create or replace view raw.rejected_rows as
    select 'leads' as table_name, 'lead_id is missing' as reason from range(1203)
  - create schema if not exists policy
  - >-
    create or replace view policy.report_parameters as
    select 'unmapped_share' as parameter, 0.05 as value
  - create schema if not exists intermediate
  - create schema if not exists delta
  - >-
    create or replace view delta.int_leads_affected as
    select 'L' as survivor_lead_id, 1 as refresh_number
  - create or replace view intermediate.int_lead_statuses as select 'L' as lead_id
on-run-end:
  - "{{ end_refresh() if execute }}"
models:
  qualified_leads:
    +materialized: table
    marts: { +schema: marts }
    reports: { +schema: reports }
""",
    "models/marts/dim_leads.sql": """
        select
            0 as lead_id, 'a@b.example' as email,
            cast(null as varchar) as first_name, cast(null as varchar) as last_name
    """,
    "models/marts/fct_leads.sql": """
select i as lead_id, cast('{{ var("as_of") or "1970-01-01" }}' as timestamp) as as_of
from range({{ env_var("LEAD_COUNT", "3") }}) as t(i)
""",
    "models/marts/fct_leads.yml": """
models:
  - name: fct_leads
    columns:
      - name: lead_id
        data_tests:
          - unique
          - accepted_values: { arguments: { values: [0, 1, 2], quote: false } }
""",
    "models/reports/rpt_lead_funnel.sql": """
{{ config(tags=["clock"]) }}
select 'cohort' as basis, s as lead_source, 4000 as leads, 400 as mqls, 200 as sals, 100 as sqls,
    50 as opportunities, 0 as customers, 0.0 as revenue
from {{ ref("fct_leads") }}, (values ('paid_search'), ('referral')) as t(s)
where lead_id = 0 and ({{ env_var("BROKEN", "0") }} = 0 or cast(s as integer) = 0)
union all
select 'period', 'paid_search', 999999, 0, 0, 0, 0, 0, 0.0
""",
    "models/reports/rpt_source_costs.sql": """
select 'cohort' as basis, lead_source,
    case when lead_source = 'paid_search' then 12345.5 end as spend
from {{ ref("rpt_lead_funnel") }} where basis = 'cohort'
""",
    "models/reports/rpt_unmapped_sources.sql": """
select 'summer fair' as raw_lead_source, 0.03 as lead_share, 0.041 as spend_share from range(3)
""",
    "models/reports/rpt_quarantine.sql": """
select 'spend' as table_name, 'negative_spend' as reason, 7 as row_count,
    {{ env_var("NEAR_MISSES", "0") }} as near_miss_count
from range({{ env_var("HARD_WORK", "1") }}) having sum(hash(range)) >= 0
""",
}
MACROS = (
    "as_of",
    "has_plugin",
    "begin_without_plugin",
    "write_refresh_event",
    "built_relation",
    "begin_refresh",
    "code_variables",
    "drop_incremental",
    "end_refresh",
    "generate_schema_name",
    "materializations/seed",
    "refresh_function",
)
TODAY, LATER = ("--as-of", "2026-07-01 00:00:00"), ("--as-of", "2026-07-01 01:00:00")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small dbt project with the real commands and macros beside it."""
    root = tmp_path_factory.mktemp("project")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text.lstrip())
    shutil.copy(ROOT / "profiles.yml", root)
    contract = root / "models" / "staging" / "raw"
    contract.mkdir(parents=True)
    shutil.copy(ROOT / "models" / "staging" / "raw" / "_raw__sources.yml", contract)
    (root / "macros").mkdir()
    for name in MACROS:
        shutil.copy(ROOT / "macros" / f"{name}.sql", root / "macros")
    shutil.copytree(
        ROOT / "scripts", root / "scripts", ignore=shutil.ignore_patterns("__pycache__")
    )
    return root


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    return tmp_path / "warehouse"


def command(project: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(project / "scripts" / "refresh.py"), *arguments]


def environment(warehouse: Path, **extra: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DBT_", "FORCE_COLOR"))}
    return {**kept, "WAREHOUSE": str(warehouse), **extra}


def run(
    project: Path, warehouse: Path, *arguments: str, **extra: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command(project, *arguments),
        env=environment(warehouse, **extra),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert_no_defect(done.stderr)
    return done


def released(warehouse: Path, query: str) -> list[tuple[object, ...]]:
    target = str((warehouse / "qualified_leads.duckdb").resolve())
    with duckdb.connect(target, read_only=True) as connection:
        return connection.execute(query).fetchall()


def assert_one_line(text: str, pattern: str) -> None:
    assert text.count("\n") == 1, text
    assert re.search(pattern, text), text


def test_refresh_releases_and_says_what_came_of_it(project: Path, warehouse: Path) -> None:
    done = run(project, warehouse, "--as-of", "2026-07-01T02:00:00+02:00")
    assert (done.returncode, done.stderr) == (0, "")
    assert released(warehouse, "select distinct as_of from marts.fct_leads") == [
        (datetime(2026, 7, 1),)
    ]
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "paid_search 4,000 400 200 100 50 0 0.00" in lines
    assert "paid_search 10.0% 50.0% 50.0% 50.0% 0.0%" in lines
    assert "paid_search 12,345.50 3.09 30.86 123.45 246.91 – -100.0%" in lines
    assert "referral – – – – – – –" in lines
    assert "all 8,000 800 400 200 100 0 0.00" in lines
    assert "leads lead_id is missing 1,203" in lines
    assert "spend negative_spend 7" in lines
    unmapped = "Sources that nobody has mapped (3) hold 9.0% of leads and 12.3% of spend"
    assert f"{unmapped}: see reports.rpt_unmapped_sources" in lines
    assert "summer fair" not in done.stdout and "another spelling" not in done.stdout
    assert "Revenue USD" in done.stdout and str(warehouse) in done.stdout
    # One line per model, and no control codes where nobody looks.
    assert len([line for line in lines if line.endswith(" fct_leads")]) == 1
    assert "unique_fct_leads" not in done.stdout
    assert "\x1b" not in done.stdout and "\r" not in done.stdout


def test_few_unmapped_sources_are_not_worth_a_line() -> None:
    assert unmapped_line(Unmapped(9, 0.05, 0.0), 0.05) is None
    assert unmapped_line(Unmapped(9, 0.9, 0.9), None) is None
    assert unmapped_line(Unmapped(9, 0.0, 0.051), 0.05) is not None


def test_failed_test_releases_nothing_and_names_the_test(project: Path, warehouse: Path) -> None:
    passed = run(project, warehouse, NEAR_MISSES="1203")
    assert passed.returncode == 0
    assert "1,203 quarantined rows name a known lead in another spelling" in passed.stdout
    before = os.readlink(warehouse / "qualified_leads.duckdb")
    failed = run(project, warehouse, "--full-refresh", LEAD_COUNT="5")
    assert failed.returncode == 1
    assert_one_line(
        failed.stderr, r"failed: accepted_values_fct_leads\S*; nothing released; see .*log"
    )
    assert os.readlink(warehouse / "qualified_leads.duckdb") == before


def test_only_what_has_changed_is_built(project: Path, warehouse: Path) -> None:
    assert run(project, warehouse, *TODAY).returncode == 0
    before = os.readlink(warehouse / "qualified_leads.duckdb")
    done = run(project, warehouse, *LATER, LEAD_COUNT="2")
    assert (done.returncode, done.stderr) == (0, "")
    built = re.findall(r" s  (\w+)$", done.stdout, re.MULTILINE)
    assert built == ["rpt_lead_funnel", "rpt_source_costs"]
    assert os.readlink(warehouse / "qualified_leads.duckdb") != before
    assert released(warehouse, "select count(*) from marts.fct_leads") == [(3,)]


def test_where_nothing_has_changed_the_release_stands(project: Path, warehouse: Path) -> None:
    assert run(project, warehouse, *TODAY).returncode == 0
    before = os.readlink(warehouse / "qualified_leads.duckdb")
    done = run(project, warehouse, *TODAY)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing has changed since the last refresh" in done.stdout
    assert "paid_search" in done.stdout  # what it says is as good as ever
    assert os.readlink(warehouse / "qualified_leads.duckdb") == before
    # A release of another kind is another release.
    assert run(project, warehouse, *TODAY, "--without-personal-data").returncode == 0
    without = os.readlink(warehouse / "qualified_leads.duckdb")
    assert without != before
    assert run(project, warehouse, *TODAY, "--without-personal-data").returncode == 0
    assert os.readlink(warehouse / "qualified_leads.duckdb") == without
    assert run(project, warehouse, *TODAY).returncode == 0
    assert os.readlink(warehouse / "qualified_leads.duckdb") != without


def test_what_was_built_and_not_released_is_released(project: Path, warehouse: Path) -> None:
    """The run before failed after its build: nothing has changed, but nobody has seen it."""
    assert run(project, warehouse, *TODAY).returncode == 0
    before = os.readlink(warehouse / "qualified_leads.duckdb")
    releases = warehouse / "releases"
    releases.rename(warehouse / "away")
    releases.write_text("in the way")
    failed = run(project, warehouse, *LATER)
    assert failed.returncode == 1
    assert "nothing released" in failed.stderr
    releases.unlink()
    (warehouse / "away").rename(releases)
    assert run(project, warehouse, *LATER).returncode == 0
    assert os.readlink(warehouse / "qualified_leads.duckdb") != before


def test_a_project_that_was_moved_or_copied_finds_its_own_seeds(
    project: Path, warehouse: Path, tmp_path: Path
) -> None:
    """With the target directory, in which dbt keeps where it parsed them."""
    before, moved, copied = (tmp_path / name for name in ("before", "it's moved", "copied"))
    shutil.copytree(project, before, ignore=shutil.ignore_patterns("target", "logs"))
    (before / "seeds").mkdir()
    (before / "seeds" / "goals.csv").write_text("goal\n1\n")
    (before / "seeds" / "_seeds.yml").write_text(
        "seeds: [{ name: goals, config: { column_types: { goal: integer } } }]\n"
    )
    assert run(before, warehouse).returncode == 0
    before.rename(moved)
    done = run(moved, warehouse, "--full-refresh")
    assert (done.returncode, done.stderr) == (0, "")
    shutil.copytree(moved, copied)
    (copied / "seeds" / "goals.csv").write_text("goal\n2\n")
    for place, goal in ((moved, 1), (copied, 2)):
        plain_dbt(place, warehouse, "seed", "--full-refresh")
        with duckdb.connect(str(warehouse / "work.duckdb"), read_only=True) as connection:
            assert connection.execute("from main.goals").fetchall() == [(goal,)]


def plain_dbt(project: Path, warehouse: Path, *arguments: str) -> None:
    """Run the dbt that is installed beside this Python."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), *arguments],
        cwd=project,
        env=environment(warehouse),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_failed_model_shows_no_value(project: Path, warehouse: Path) -> None:
    failed = run(project, warehouse, BROKEN="1")
    assert failed.returncode == 1
    assert_one_line(failed.stderr, r"failed: rpt_lead_funnel; nothing released")
    assert "paid_search" not in failed.stdout + failed.stderr
    assert not (warehouse / "qualified_leads.duckdb").exists()


@pytest.mark.parametrize(
    ("arguments", "pattern"),
    [
        (("--as-of", "yesterday"), "--as-of must be a UTC timestamp"),
        (("--mapping", "none.yml"), "--mapping needs a directory"),
        (("no-such-directory",), "no-such-directory does not exist"),
        (("--no-such-option",), "No such option"),
        (("one", "two"), "unexpected extra argument"),
    ],
)
def test_wrong_use_changes_nothing(
    project: Path, warehouse: Path, arguments: tuple[str, ...], pattern: str
) -> None:
    refused = run(project, warehouse, *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert_one_line(refused.stderr, pattern)
    assert not warehouse.exists()


HOLD = """
import signal, sys
from pathlib import Path
from qualified_leads.paths import import_path
from qualified_leads.lock import warehouse_lock
with warehouse_lock(Path(sys.argv[1])):
    print("held", flush=True)
    signal.pause()
"""


@pytest.fixture
def holder(warehouse: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(warehouse)],
        env={**os.environ, "PYTHONPATH": str(import_path())},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_second_refresh_exits_at_once(
    project: Path, warehouse: Path, holder: subprocess.Popen[str]
) -> None:
    second = run(project, warehouse)
    assert (second.returncode, second.stdout) == (75, "")
    assert_one_line(
        second.stderr, rf"another refresh is running \(pid {holder.pid}, since \d{{4}}-"
    )
    assert not (warehouse / "work.duckdb").exists()


def test_lock_goes_with_a_killed_holder(warehouse: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(WarehouseBusyError), warehouse_lock(warehouse):
        pass
    holder.kill()
    holder.wait()
    with warehouse_lock(warehouse):
        pass


def test_killed_refresh_takes_its_dbt_along_and_a_rerun_works(
    project: Path, warehouse: Path
) -> None:
    hours = environment(warehouse, HARD_WORK=str(10**13))
    first = subprocess.Popen(command(project), env=hours, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert any("fct_leads" in line for line in first.stdout)  # so dbt is at work by now
    with pytest.raises(WarehouseBusyError), warehouse_lock(warehouse):
        pass
    first.send_signal(signal.SIGKILL)
    first.communicate()
    # The lock is dbt's too; it is free as soon as dbt has noticed.
    wait_for_lock(warehouse)
    rerun = run(project, warehouse)
    assert (rerun.returncode, rerun.stderr) == (0, "")
    assert released(warehouse, "select count(*) from marts.fct_leads") == [(3,)]


SLOW_DBT = """
import json, sys, time
from pathlib import Path
node = {"name": "x", "resource_type": "model", "status": "started", "seconds": 0, "index": 1,
    "total": 1}
with open(int(sys.argv[1]), "w") as events:
    print(json.dumps({"kind": "node", "node": node}), file=events, flush=True)
    while not Path("go").exists():
        time.sleep(0.05)
"""


def test_a_dbt_keeps_the_lock_for_as_long_as_it_lives(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "slow_dbt.py").write_text(SLOW_DBT)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(dbt_run, "MODULE", "slow_dbt")
    started = threading.Event()
    with ThreadPoolExecutor() as pool:
        with warehouse_lock(warehouse) as lock:
            call = (dbt_run.run_dbt, tmp_path, warehouse, [], lambda _: started.set(), lock)
            running = pool.submit(*call)
            assert started.wait(60)
        try:
            with pytest.raises(WarehouseBusyError), warehouse_lock(warehouse):
                pass
        finally:
            (tmp_path / "go").touch()
        assert isinstance(running.exception(), DbtFailedError)  # it said nothing of an end
    with warehouse_lock(warehouse):
        pass


def wait_for_lock(warehouse: Path) -> None:
    """Until nobody has it; a dbt that still has it after two minutes works on."""
    deadline = time.monotonic() + 120
    while True:
        try:
            with warehouse_lock(warehouse):
                return
        except WarehouseBusyError:
            assert time.monotonic() < deadline, "dbt outlives its refresh"
            time.sleep(0.1)


def test_arguments_of_dbt() -> None:
    arguments = build_arguments(datetime(2026, 7, 1), Everything("it was asked for"), 7)
    given = '{"as_of": "2026-07-01 00:00:00.000000", "planned_refresh": 7, "test_all": true}'
    assert given in arguments
    assert "--full-refresh" in arguments
    arguments = build_arguments(datetime(2026, 7, 1), Changed(("spend",), True, False), 7)
    assert '{"as_of": "2026-07-01 00:00:00.000000", "planned_refresh": 7}' in arguments
    assert arguments[-3:] == ["--select", "source:raw.spend+", "tag:clock+"]


def test_as_of_is_utc() -> None:
    assert parse_as_of("2026-07-01T02:30:00+02:00") == datetime(2026, 7, 1, 0, 30)
    assert parse_as_of(" 2026-07-01 ") == datetime(2026, 7, 1)
    assert parse_as_of(None) is None


@pytest.mark.parametrize(
    ("version", "is_refused"), [("1.4.4", True), ("1.5.6", False), ("2.0.0", False)]
)
def test_engine_that_loses_rows_is_refused(version: str, is_refused: bool) -> None:
    if not is_refused:
        check_engine(version)
        return
    with pytest.raises(UsageError, match="lost committed rows"):
        check_engine(version)


def test_totals_know_unknown_from_zero() -> None:
    free = SourceTotals("referral", (10, 0, 0, 0, 0, 0), Decimal("0"), Decimal("0"))
    unknown = SourceTotals("unknown", (5, 1, 0, 0, 0, 0), None, None)
    assert free.unit_costs == (0.0, None, None, None, None)
    assert free.roi is None
    assert unknown.unit_costs == (None,) * 5
    assert unknown.rates == (0.2, 0.0, None, None, None)
    assert total_of([free, unknown]).counts == (15, 1, 0, 0, 0, 0)
    assert total_of([free, unknown]).spend == 0
    assert total_of([unknown]).spend is None
    assert total_of([]).counts == (0,) * 6


def test_numbers_are_formatted() -> None:
    assert format_money(Decimal("1234567.5")) == "1,234,567.50"
    assert format_money(None) == "–"
    assert format_rate(0.12345) == "12.3%"
