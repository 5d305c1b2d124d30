"""The metrics of the semantic layer give what the reports say, by month and by source."""

from __future__ import annotations

import csv
import os
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


def _models_alone() -> list[str]:
    return ["--exclude-resource-type", "test"]


def _query(project: Path, metrics: list[str], group_by: str) -> list[dict[str, str]]:
    target = project / "queried.csv"
    done = subprocess.run(
        [str(Path(sys.executable).parent / "mf"), "query", "--metrics", ",".join(metrics)]
        + ["--group-by", group_by, "--csv", str(target)],
        cwd=project,
        env={**os.environ, "WAREHOUSE": str(project / "warehouse")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
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
