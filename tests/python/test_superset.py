"""Superset against the served link: what it shows, who may write, and releases under its feet."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from browser import chromium
from harness import PROJECT
from playwright.sync_api import Request

from qualified_leads.errors import UsageError
from qualified_leads.load.land import load_directory
from qualified_leads.refresh.dbt_run import build_arguments, run_dbt
from qualified_leads.refresh.decision import Everything
from qualified_leads.release.publish import linked_release, release
from team.sample.generate import generate
from team.superset.api import Api, SupersetError
from team.superset.assets import DATABASE, metric_sql
from team.superset.charts import CHARTS, SLUG
from team.superset.server import ENVIRONMENT_NAME, HOME_NAME, find_environment

AS_OF = datetime(2026, 7, 1)
PARTS = ("dbt_project.yml", "profiles.yml", "macros", "models", "scripts", "seeds", "tests")
PASSWORD = "correct-horse-battery"  # of a server that lives as long as these tests
START_SECONDS = 240
PUBLICATIONS = 30
READERS = 3

needs_superset = pytest.mark.skipif(
    not (PROJECT / ENVIRONMENT_NAME).is_dir(), reason="no .venv-superset (make test-superset)"
)

# What each chart must show, by other queries than Superset's.
SHOWN = {
    "leads_and_mqls_by_month": """
        select epoch_ms(month) as month, sum(leads) as period_leads, sum(mqls) as period_mqls
        from reports.rpt_lead_funnel where basis = 'period' group by all
    """,
    "funnel_by_stage": """
        select stage, count(*) as count
        from marts.fct_funnel_entries where basis = 'cohort' group by all
    """,
    "cost_per_customer_by_source": """
        select lead_source, sum(spend) / nullif(sum(customers), 0) as cost_per_customer
        from reports.rpt_source_costs where basis = 'cohort' and is_mature group by all
    """,
    "leads_by_fit_and_engagement": """
        select level, grade, count(*) as count from marts.fct_lead_scores group by all
    """,
}
# Numbers of four tables, which differ between the releases each for itself.
ACROSS = """
    select
        (select sum(leads) from reports.rpt_lead_funnel) as leads,
        (select sum(spend) from reports.rpt_source_costs) as spend,
        (select count(*) from marts.fct_funnel_entries) as entries,
        (select count(*) from marts.fct_lead_scores) as scores
"""
# Makes another release of one, in a way that every chart shows.
CHANGES = """
    update reports.rpt_lead_funnel set leads = leads * 2, mqls = mqls * 2;
    update reports.rpt_source_costs set spend = spend * 3 + 1;
    insert into marts.fct_leads select * from marts.fct_leads; -- and of funnel entries, a view
    insert into marts.fct_stage_entries select * from marts.fct_stage_entries;
    insert into marts.fct_lead_scores select * from marts.fct_lead_scores;
"""

Answer = tuple[tuple[str, ...], ...]


def as_answer(rows: list[dict[str, Any]]) -> Answer:
    """Rows as they compare, in no order: numbers to ten digits."""

    def plain(value: Any) -> str:
        is_text = value is None or isinstance(value, str)
        return str(value) if is_text else f"{float(value):.10g}"

    return tuple(
        sorted(tuple(f"{name}={plain(row[name])}" for name in sorted(row)) for row in rows)
    )


def ask(database: Path, query: str) -> Answer:
    """The answer of a file itself."""
    with duckdb.connect(str(database), read_only=True) as connection:
        result = connection.execute(query)
        names = [column[0] for column in result.description]
        return as_answer([dict(zip(names, row, strict=True)) for row in result.fetchall()])


@dataclass
class Started:
    """Superset as somebody starts it: its process, and the lines that it printed."""

    process: subprocess.Popen[str]
    port: int
    lines: list[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def api(self, user: str = "admin") -> Api:
        return Api(self.url, user, PASSWORD)


@dataclass
class Place:
    """A warehouse, dbt's target directory, and two work files that differ."""

    warehouse: Path
    target: Path
    works: tuple[Path, Path]

    def publish(self, number: int) -> None:
        """Release one of the two, as a refresh does at its end."""
        shutil.copyfile(self.works[number], self.warehouse / "work.duckdb")
        release(self.warehouse, AS_OF)

    def command(self, port: int) -> tuple[list[str], dict[str, str]]:
        environment = os.environ | {
            "WAREHOUSE": str(self.warehouse),
            "DBT_TARGET_PATH": str(self.target),
            "SUPERSET_ADMIN_PASSWORD": PASSWORD,
        }
        script = str(PROJECT / "scripts" / "superset.py")
        return [sys.executable, script, "--port", str(port)], environment

    def start(self) -> Started:
        """Start Superset and wait until it says that all is there."""
        port = free_port()
        command, environment = self.command(port)
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        timer = threading.Timer(START_SECONDS, process.terminate)
        timer.start()
        started = Started(process, port, [])
        assert process.stdout is not None and process.stderr is not None
        for line in process.stdout:
            started.lines.append(line)
            if "Ctrl-C" in line:
                break
        timer.cancel()
        if "Ctrl-C" not in "".join(started.lines):
            pytest.fail(f"{started.lines} {process.communicate()[1]}")
        return started


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end(started: Started) -> int:
    """Ctrl-C; the exit status."""
    started.process.send_signal(signal.SIGINT)
    started.process.communicate(timeout=60)
    return started.process.returncode


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A small build; the released one of the two work files is the first."""
    root = tmp_path_factory.mktemp("superset")
    for part in PARTS:
        (root / part).symlink_to(PROJECT / part)
    generate(400, 8000, 2, root / "sample")
    load_directory(root / "sample", root / "warehouse")
    models_alone = ["--exclude-resource-type", "test"]
    run_dbt(root, root / "warehouse", [*build_arguments(AS_OF, Everything("")), *models_alone])
    made = release(root / "warehouse", AS_OF)
    works = (root / "one.duckdb", root / "other.duckdb")
    for path in works:
        shutil.copyfile(made.path, path)
    with duckdb.connect(str(works[1])) as connection:
        connection.execute(CHANGES)
    return Place(root / "warehouse", root / "target", works)


@pytest.fixture(scope="module")
def started(place: Place) -> Iterator[Started]:
    running = place.start()
    yield running
    if running.process.poll() is None:
        end(running)


def chart_ids(api: Api) -> dict[str, int]:
    by_title = {chart["slice_name"]: chart["id"] for chart in api.find("chart")}
    return {chart.name: by_title[chart.title] for chart in CHARTS}


@pytest.fixture(scope="module")
def reader(started: Started) -> str:
    """A user who may look at everything and query it in SQL Lab, and administers nothing."""
    with started.api() as api:
        roles = {role["name"]: role["id"] for role in api.find("security/roles")}
        name = "reader"
        user = {"username": name, "first_name": "A", "last_name": "Reader", "active": True}
        rights = {"roles": [roles["Alpha"], roles["sql_lab"]], "email": "reader@localhost"}
        api.post("/security/users/", user | rights | {"password": PASSWORD})
    return name


def database_id(api: Api) -> int:
    return next(d["id"] for d in api.find("database") if d["database_name"] == DATABASE)


@needs_superset
def test_charts_show_the_release(place: Place, started: Started) -> None:
    with started.api() as api:
        ids = chart_ids(api)
        assert ids.keys() == SHOWN.keys()
        for name, query in SHOWN.items():
            expected = ask(place.works[0], query)
            assert len(expected) > 4
            assert as_answer(api.chart_data(ids[name])) == expected, name


@needs_superset
def test_datasets_are_described_as_in_dbt(place: Place, started: Started) -> None:
    """All reports of the release, each column with its words, and nobody's address."""
    manifest = json.loads((place.target / "manifest.json").read_text(encoding="utf-8"))
    models = {n["name"]: n for n in manifest["nodes"].values() if n["resource_type"] == "model"}
    reports = {name for name, model in models.items() if model["schema"] == "reports"}
    with started.api() as api:
        found = {dataset["table_name"]: dataset["id"] for dataset in api.find("dataset")}
        assert found.keys() == reports | {chart.table for chart in CHARTS}
        assert "dim_leads" not in found
        for name, number in found.items():
            dataset = api.get(f"/dataset/{number}")["result"]
            described = {n: c["description"] for n, c in models[name]["columns"].items()}
            assert dataset["description"] == models[name]["description"]
            assert {c["column_name"]: c["description"] for c in dataset["columns"]} == described


@needs_superset
@pytest.mark.parametrize("basis, prefix", [("cohort", ""), ("period", "period_")])
def test_metrics_equal_the_reports(place: Place, started: Started, basis: str, prefix: str) -> None:
    """dbt's metrics as Superset works them out, by source and month, are the report's columns."""
    names = ["leads", "customers", "cost_per_mql", "roi", "roas"]
    columns = ["lead_source", "month"]
    metrics = [prefix + name for name in names]
    with started.api() as api:
        found = {dataset["table_name"]: dataset["id"] for dataset in api.find("dataset")}
        query = {"columns": columns, "metrics": metrics, "filters": [], "row_limit": 10000}
        source = {"id": found["rpt_source_costs"], "type": "table"}
        got = api.post("/chart/data", {"datasource": source, "queries": [query]})
    rows = [row for row in got["result"][0]["data"] if any(row[name] for name in metrics)]
    renamed = ", ".join(f"{name} as {prefix}{name}" for name in names)
    reported = ask(
        place.works[0],
        f"select lead_source, epoch_ms(month) as month, {renamed} from reports.rpt_source_costs "
        f"where basis = '{basis}' and (leads > 0 or customers > 0 or coalesce(roi, roas) <> 0)",
    )
    assert len(reported) > 50
    assert as_answer(rows) == reported


@needs_superset
def test_charts_while_releases_are_published(
    place: Place, started: Started, record_property: Any
) -> None:
    """No error, and each answer whole from one release, in three sessions at once."""
    queries = SHOWN | {"across": ACROSS}
    expected = {name: [ask(work, query) for work in place.works] for name, query in queries.items()}
    assert all(one != other for one, other in expected.values())
    counts: Counter[tuple[str, int]] = Counter()
    wrong: list[str] = []
    stop = threading.Event()

    def read() -> None:
        try:
            with started.api() as api:
                ids, database = chart_ids(api), database_id(api)
                while not stop.is_set():
                    for name in queries:
                        is_chart = name in SHOWN
                        rows = (
                            api.chart_data(ids[name]) if is_chart else api.query(database, ACROSS)
                        )
                        counts[name, expected[name].index(as_answer(rows))] += 1
        except (SupersetError, ValueError, LookupError) as error:
            wrong.append(f"{type(error).__name__}: {error}"[:500])
            stop.set()

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()

    def are_both_seen() -> bool:
        return all(counts[name, one] >= 5 for name in queries for one in (0, 1))

    published = 0
    # On a slow machine it takes more of them until every chart has been asked for both.
    while published < PUBLICATIONS or (published < 20 * PUBLICATIONS and not are_both_seen()):
        published += 1
        place.publish(published % 2)
        if stop.wait(0.3):
            break
    stop.set()
    for reader in readers:
        reader.join()
    record_property("answers", str(sorted(counts.items())))
    print(f"{published} releases, {counts.total()} answers: {sorted(counts.items())}")
    assert not wrong
    # Both releases were seen by every chart, else nothing was swapped under it.
    assert are_both_seen()
    place.publish(1)
    with started.api() as api:
        ids = chart_ids(api)
        for name in SHOWN:
            assert as_answer(api.chart_data(ids[name])) == expected[name][1], "not the newest"
    place.publish(0)


@needs_superset
@pytest.mark.parametrize("user", ["admin", "reader"])
@pytest.mark.parametrize(
    "statement",
    [
        "insert into marts.fct_lead_scores select * from marts.fct_lead_scores",
        "update marts.fct_lead_scores set grade = 'A'",
        "delete from marts.fct_lead_scores",
        "create table reports.mine as select 1 as one",
        "drop table reports.rpt_lead_funnel",
        "copy (select 1) to '{elsewhere}/stolen.csv'",
        "attach '{elsewhere}/one.duckdb' as elsewhere",
        "select * from read_text('/etc/hostname')",
        "set enable_external_access = true",
    ],
    ids=lambda statement: " ".join(statement.split()[:2]),
)
def test_sql_lab_writes_nothing_and_reads_no_other_file(
    place: Place, started: Started, reader: str, statement: str, user: str
) -> None:
    """Nobody can: not a user who may query everything, nor the administrator."""
    served = linked_release(place.warehouse)
    assert served is not None
    before = hashlib.sha256(served.read_bytes()).digest()
    with started.api(user) as api:
        database = database_id(api)
        elsewhere = place.target.parent
        with pytest.raises(SupersetError, match="does not allow|disabled by|locked|read-only"):
            api.query(database, statement.format(elsewhere=elsewhere))
        assert api.query(database, "select 1 as one") == [{"one": 1}]
    assert linked_release(place.warehouse) == served
    assert hashlib.sha256(served.read_bytes()).digest() == before


@needs_superset
def test_dashboard_in_a_browser(started: Started) -> None:
    """Four charts are drawn, nothing fails, and nothing is asked of the network."""
    asked: dict[str, set[str | None]] = {}
    failed: list[str] = []

    def note(request: Request) -> None:
        is_own = request.url.startswith((started.url, "data:", "blob:"))
        asked.setdefault("own" if is_own else "elsewhere", set()).add(request.failure)

    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on(
            "response",
            lambda r: failed.append(f"{r.status} {r.url}") if r.status >= 400 else None,
        )
        page.on("requestfinished", note)
        page.on("requestfailed", note)
        page.goto(f"{started.url}/login/")
        page.fill("#username", "admin")
        page.fill("#password", PASSWORD)
        page.press("#password", "Enter")
        page.wait_for_url("**/welcome/**")
        page.goto(f"{started.url}/superset/dashboard/{SLUG}/")
        for chart in CHARTS:
            page.get_by_text(chart.title).first.wait_for(timeout=60_000)
        page.locator("canvas").nth(len(CHARTS) - 1).wait_for(timeout=60_000)
        assert page.locator("canvas").count() == len(CHARTS)
    assert not failed
    # What its pages try elsewhere is stopped by their policy, not by the network.
    assert asked.keys() >= {"own"}
    assert asked.get("elsewhere", set()) <= {"csp"}


def test_exposure_names_what_the_charts_show() -> None:
    path = PROJECT / "models" / "reports" / "_exposures.yml"
    exposures = yaml.safe_load(path.read_text(encoding="utf-8"))["exposures"]
    (exposure,) = (one for one in exposures if one["name"] == "superset_dashboard")
    named = {reference.split("'")[1] for reference in exposure["depends_on"]}
    assert named == {chart.table for chart in CHARTS}
    assert exposure["url"].endswith(f"/{SLUG}/")


@needs_superset
def test_what_it_leaves_is_private_and_has_no_password(place: Place, started: Started) -> None:
    home = place.warehouse / HOME_NAME
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    files = [path for path in home.rglob("*") if path.is_file()]
    assert {"secret_key", "superset.db", "superset.log"} <= {path.name for path in files}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
        assert PASSWORD.encode() not in path.read_bytes(), path.name
    assert PASSWORD not in "".join(started.lines)


@needs_superset
def test_second_start_updates_and_ctrl_c_ends_all(place: Place, started: Started) -> None:
    """The last test of the server: it ends it."""
    kinds = ("database", "dataset", "chart", "dashboard")

    def ids(running: Started) -> dict[str, list[int]]:
        with running.api() as api:
            return {kind: sorted(one["id"] for one in api.find(kind)) for kind in kinds}

    command, environment = place.command(free_port())
    second = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "another Superset is running" in second.stderr
    before = ids(started)
    assert [len(before[kind]) for kind in ("database", "chart", "dashboard")] == [1, 4, 1]
    assert end(started) == 0
    assert not is_open(started.port)
    again = place.start()
    try:
        assert ids(again) == before
        os.kill(again.process.pid, signal.SIGKILL)  # nobody tells the server
        again.process.wait(60)
        deadline = time.monotonic() + 120
        while is_open(again.port) and time.monotonic() < deadline:
            time.sleep(0.2)
        assert not is_open(again.port)
    finally:
        if again.process.poll() is None:
            end(again)


@needs_superset
def test_taken_port_is_one_line(place: Place) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        command, environment = place.command(holder.getsockname()[1])
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "can't be used (Address already in use); see --port" in done.stderr


def test_no_release_is_one_line(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(PROJECT / "scripts" / "superset.py")],
        env=os.environ | {"WAREHOUSE": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "there is no release in" in done.stderr


def test_no_environment_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run make superset"):
        find_environment(tmp_path)


def test_metric_of_metrics_becomes_one_expression() -> None:
    def named(name: str) -> dict[str, str]:
        return {"name": name}

    metrics = {
        "spend": {"type": "simple", "type_params": {}},
        "period_mqls": {"type": "simple", "type_params": {}},
        "cost": {
            "type": "ratio",
            "type_params": {"numerator": named("spend"), "denominator": named("period_mqls")},
        },
        "double": {
            "type": "derived",
            "type_params": {"expr": "spend * 2", "metrics": [named("spend")]},
        },
    }
    spend = "sum(case when basis = 'cohort' then spend end)"
    mqls = "sum(case when basis = 'period' then mqls end)"
    assert metric_sql("cost", metrics) == f"{spend} / nullif({mqls}, 0)"
    assert metric_sql("double", metrics) == f"{spend} * 2"
