"""Metrics give what the reports say, and the pages of documentation cover what is public."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from harness import PROJECT

from qualified_leads.dbt_run import build_arguments, run_dbt
from qualified_leads.loader import load_directory
from qualified_leads.sample import generate

PARTS = ("dbt_project.yml", "profiles.yml", "macros", "models", "scripts", "seeds", "tests")
COUNTS = ("leads", "mqls", "sals", "sqls", "opportunities", "customers")
COSTS = ("lead", "mql", "sql", "opportunity", "customer")
STAGES = ("lead", "mql", "sal", "sql", "opportunity", "customer")
RATES = [f"{a}_to_{b}_rate" for a, b in zip(STAGES, STAGES[1:], strict=False)]
NUMBERS = [
    "spend",
    *COUNTS,
    "revenue",
    "roi",
    "roas",
    *(f"cost_per_{one}" for one in COSTS),
    *RATES,
]

Numbers = dict[tuple[date, str], list[float | None]]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built copy of the project: `mf` reads the manifest in the target directory beside it."""
    root = tmp_path_factory.mktemp("metrics")
    for part in PARTS:
        (root / part).symlink_to(PROJECT / part)
    generate(400, 8000, 2, root / "sample")
    load_directory(root / "sample", root / "warehouse")
    run_dbt(root, root / "warehouse", [*build_arguments(datetime(2026, 7, 1)), *_models_alone()])
    return root


@pytest.mark.parametrize("basis, prefix", [("cohort", ""), ("period", "period_")])
def test_metrics_equal_the_reports(project: Path, basis: str, prefix: str) -> None:
    """Each number of each month and source; where a report has no row, a metric says nothing."""
    metrics = _queried(project, [name if name == "spend" else prefix + name for name in NUMBERS])
    reported = _reported(project, basis)
    assert len(reported) > 50
    assert metrics.keys() <= reported.keys()
    for key, numbers in reported.items():
        if key in metrics:
            assert metrics[key] == pytest.approx(numbers, abs=1e-9), key
        else:
            assert not any(numbers), key


def test_metrics_can_be_grouped_by_channel(project: Path) -> None:
    """Leads of a channel are those of its sources."""
    grouped = _query(project, ["leads"], "lead_source__channel")
    with duckdb.connect(str(project / "warehouse" / "work.duckdb"), read_only=True) as connection:
        counted = connection.execute(
            "select s.channel, count(*) from marts.fct_leads l "
            "join marts.dim_lead_sources s using (lead_source) group by 1"
        ).fetchall()
    assert {(row["lead_source__channel"], int(row["leads"])) for row in grouped} == set(counted)


def test_docs_page_is_whole_and_alone(project: Path) -> None:
    """One file with every public table and the description of every column, and no other file."""
    _run(project, "dbt", "--quiet", "docs", "generate", "--static")
    page = (project / "target" / "static_index.html").read_text(encoding="utf-8")
    assert not re.findall(r'<(?:script|link)[^>]+(?:src|href)="https?://', page)
    manifest = json.loads((project / "target" / "manifest.json").read_text(encoding="utf-8"))
    models = [node for node in manifest["nodes"].values() if node.get("access") == "public"]
    assert len(models) > 30
    for model in models:
        assert f'"{model["unique_id"]}"' in page
        for column in model["columns"].values():
            assert json.dumps(column["description"]).strip('"')[:60] in page, model["name"]
    exposed = {
        name
        for exposure in manifest["exposures"].values()
        for name in exposure["depends_on"]["nodes"]
    }
    reports = {model["unique_id"] for model in models if model["schema"] == "reports"}
    assert reports <= exposed, "a report that nobody is said to read"


def test_lineage_leads_from_a_score_to_its_raw_columns(project: Path) -> None:
    """Each public column has a source, and a fit score comes from job titles and companies."""
    _run(project, "colibri", "generate", "--disable-telemetry", "--output-dir", "target/lineage")
    drawn = json.loads((project / "target/lineage/colibri-manifest.json").read_text("utf-8"))
    sources: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for edge in drawn["lineage"]["edges"]:
        target = (edge["target"].split(".")[-1], edge["targetColumn"])
        sources.setdefault(target, set()).add((edge["source"].split(".")[-1], edge["sourceColumn"]))
    reached = _upstream(sources, ("fct_leads", "fit_score"))
    assert {("fit_rules", "points"), ("score_groups", "max_points")} <= reached
    reached = _upstream(sources, ("rpt_source_costs", "cost_per_mql"))
    assert {("spend", "amount"), ("exchange_rates", "rate_to_reporting")} <= reached


def _upstream(
    sources: dict[tuple[str, str], set[tuple[str, str]]], column: tuple[str, str]
) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    open_columns = [column]
    while open_columns:
        for one in sources.get(open_columns.pop(), set()) - found:
            found.add(one)
            open_columns.append(one)
    return found


def _run(project: Path, command: str, *arguments: str) -> str:
    done = subprocess.run(
        [str(Path(sys.executable).parent / command), *arguments],
        cwd=project,
        env={**os.environ, "WAREHOUSE": str(project / "warehouse")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def _models_alone() -> list[str]:
    return ["--exclude-resource-type", "test"]


def _query(project: Path, metrics: list[str], group_by: str) -> list[dict[str, str]]:
    target = project / "queried.csv"
    _run(
        project,
        "mf",
        "query",
        "--metrics",
        ",".join(metrics),
        "--group-by",
        group_by,
        "--csv",
        str(target),
    )
    with target.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _queried(project: Path, metrics: list[str]) -> Numbers:
    return {
        (datetime.fromisoformat(row["metric_time__month"]).date(), row["lead_source"]): [
            float(row[name]) if row[name] else None for name in metrics
        ]
        for row in _query(project, metrics, "metric_time__month,lead_source")
    }


def _reported(project: Path, basis: str) -> Numbers:
    columns = [f"{'funnel' if name in RATES else 'costs'}.{name}" for name in NUMBERS]
    with duckdb.connect(str(project / "warehouse" / "work.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            f"select month, lead_source, {', '.join(columns)} "
            "from reports.rpt_source_costs as costs "
            "join reports.rpt_lead_funnel as funnel using (basis, month, lead_source) "
            "where basis = ?",
            [basis],
        ).fetchall()
    return {
        (month, source): [None if number is None else float(number) for number in numbers]
        for month, source, *numbers in rows
    }
