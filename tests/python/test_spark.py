"""Spark with Iceberg tables: builds, refreshes and releases, and has the rows of DuckDB.

`make test` builds a small sample without tests, and once more after something landed; SPARK=all
(`make spark-test`) takes a larger one, with all tests, and other ways in which a refresh may go.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from engines import assert_same_rows, inherited, run_engine
from harness import PROJECT, as_of_option, copy_project
from refreshing import query

from qualified_leads.load.land import load_directory
from team.sample.generate import generate
from team.sample.later import Later
from team.spark import HOST
from team.spark.cluster import Cluster, Size, ask, find_environment, running_cluster
from team.spark.tables import copy_tables

IS_WHOLE = os.environ.get("SPARK") == "all"
LEADS, ACTIVITIES = (5000, 150_000) if IS_WHOLE else (300, 6000)
SIZE = Size() if IS_WHOLE else Size(workers=1, cores=2, partitions=1)
LEFT_OUT = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure")
NO_TESTS = () if IS_WHOLE else ("--exclude-resource-type", "test")
PREFIX = "leads"
HISTORY = "2026-06-24 00:00:00"  # the export that the sample's later batch came after
DAY_LATER = "2026-07-01 00:00:00"
HOUR_LATER = "2026-07-01 01:00:00"
TWO_HOURS_LATER = "2026-07-01 02:00:00"

in_full = pytest.mark.skipif(not IS_WHOLE, reason="make spark-test")
pytestmark = pytest.mark.skipif(
    not (PROJECT / ".venv-spark" / "installed").is_file(), reason="no .venv-spark (make spark)"
)


@dataclass
class Both:
    """A copy of the project that both engines build from one lake."""

    project: Path
    cluster: Cluster

    @property
    def warehouse(self) -> Path:
        return self.project / "warehouse"

    def build(self, as_of: str) -> None:
        """Build with both."""
        given = ("build", *as_of_option(as_of), *LEFT_OUT, *NO_TESTS)
        dbt = Path(sys.executable).with_name("dbt")
        run_engine("DuckDB", [dbt, *given], self.project, inherited())
        self.spark(*given)

    def spark(self, *arguments: str, succeeds: bool = True) -> None:
        dbt = find_environment(PROJECT) / "bin" / "dbt"
        command = [dbt, *arguments, "--target", "spark", "--target-path", "target/spark"]
        run_engine("Spark", command, self.project, self.environment(), succeeds)

    def environment(self) -> Mapping[str, str]:
        return inherited() | {
            "SPARK_HOST": HOST,
            "SPARK_PORT": str(self.cluster.port),
            "SPARK_SCHEMA": PREFIX,
            "SPARK_LAKE": str(self.warehouse / "raw"),
        }

    def assert_same_rows(self) -> None:
        """Of what readers see, where a release was made; else of what was built."""
        released = "released_" if IS_WHOLE else ""
        copied = self.project / "spark.duckdb"
        names = {f"{PREFIX}_{released}{name}": name for name in ("marts", "reports")}
        copy_tables(self.cluster, names, copied)
        assert_same_rows(self.warehouse / "work.duckdb", copied)

    def read(self, query: str) -> list[list]:
        rows: list[list] = json.loads(ask(self.cluster.port, "read", query))
        return rows

    def last_refresh(self) -> list:
        columns = "refresh_number, complete_number, is_full, reason, is_complete"
        refreshes = f"{PREFIX}_ops.refreshes order by refresh_number desc limit 1"
        return self.read(f"select {columns} from {refreshes}")[0]

    def released(self) -> int:
        """The number of the release that readers see."""
        view = f"{PREFIX}_released_reports.rpt_source_costs"
        return int(dict(self.read(f"show tblproperties {view}"))["release_id"])


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Built in full from the history of the sample."""
    root = tmp_path_factory.mktemp("spark")
    later = Later(root / "later", datetime.fromisoformat(HISTORY), 60)
    generate(LEADS, ACTIVITIES, 1, root / "sample", later=later)
    project = copy_project(root / "project")
    load_directory(root / "sample", project / "warehouse")
    with running_cluster(root / "cluster", SIZE) as cluster:
        built = Both(project, cluster)
        built.build(HISTORY)
        yield built


def test_a_full_build_has_the_rows_of_duckdb(both: Both) -> None:
    both.assert_same_rows()
    assert both.last_refresh() == [1, -1, True, "none has been completed yet", True]


def test_a_refresh_computes_the_leads_concerned(both: Both) -> None:
    _merge_and_land_late(both)
    load_directory(both.project.parent / "later", both.warehouse)
    both.build(DAY_LATER)
    both.assert_same_rows()
    assert both.last_refresh() == [2, 1, False, None, True]
    ((leads,),) = both.read(f"select count(*) from {PREFIX}_marts.fct_leads")
    ((affected,),) = both.read(f"select count(*) from {PREFIX}_delta.int_leads_affected")
    assert 0 < affected < leads / 2


@in_full
def test_an_hour_without_news_moves_what_moves_with_time(both: Both) -> None:
    both.build(HOUR_LATER)
    both.assert_same_rows()
    assert both.last_refresh() == [3, 2, False, None, True]
    ((affected,),) = both.read(f"select count(*) from {PREFIX}_delta.int_leads_affected")
    assert affected < 100


@in_full
def test_a_run_that_builds_nothing_releases_nothing(both: Both) -> None:
    both.spark("build", "--select", "assert_funnel_counts_equal_facts")
    assert both.last_refresh() == [3, 2, False, None, True]
    assert both.released() == 3


@in_full
def test_unit_tests_pass(both: Both) -> None:
    both.spark("test", "--select", "test_type:unit")


@in_full
def test_what_fails_a_test_is_not_released(both: Both) -> None:
    test = both.project / "tests" / "assert_never.sql"
    test.write_text("select lead_id from {{ ref('fct_leads') }}")
    both.spark("build", *as_of_option(TWO_HOURS_LATER), *LEFT_OUT, succeeds=False)
    assert both.last_refresh() == [4, 3, False, None, False]
    assert both.released() == 3
    test.unlink()


@in_full
def test_a_killed_refresh_is_repaired(both: Both) -> None:
    """In the middle of the models, some of which it has built and some not."""
    dbt = [str(find_environment(PROJECT) / "bin" / "dbt"), "build", "--target", "spark"]
    arguments = [*dbt, *as_of_option(TWO_HOURS_LATER), *LEFT_OUT]
    killed = subprocess.Popen(
        arguments, cwd=both.project, env=both.environment(), stdout=subprocess.PIPE, text=True
    )
    assert killed.stdout is not None
    for line in killed.stdout:
        if "OK created sql incremental model" in line and "fct_stage_entries" in line:
            break
    killed.kill()
    killed.wait()
    assert both.last_refresh() == [5, 3, False, None, False]
    both.build(TWO_HOURS_LATER)
    both.assert_same_rows()
    assert both.released() == 6


@in_full
def test_a_changed_policy_builds_everything_and_three_releases_stay(both: Both) -> None:
    path = both.project / "seeds" / "activity_rules.csv"
    text = path.read_text(encoding="utf-8")
    changed = text.replace("demo_request,sales_contact,50,", "demo_request,sales_contact,55,")
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    both.build(TWO_HOURS_LATER)
    both.assert_same_rows()
    assert both.last_refresh() == [7, -1, True, "the policy has changed", True]
    tags = both.read(f"select name from {PREFIX}_marts.fct_leads.refs where type = 'TAG'")
    assert sorted(name for (name,) in tags) == ["release_3", "release_6", "release_7"]
    # A release is read whole by its number.
    table = f"{PREFIX}_marts.fct_leads"
    assert both.read(f"select count(*) from {table} version as of 'release_3'") != [[0]]


def _merge_and_land_late(both: Both) -> None:
    """A lead merged into another, and an activity of long ago of a third."""
    leads = query(
        both.warehouse / "work.duckdb",
        "select lead_id, created_at from marts.fct_leads order by lead_id limit 3",
    )
    (merged, created), (survivor, _), (third, _) = leads
    landed = both.project.parent / "merged"
    landed.mkdir()
    rows = {
        "leads": {
            "lead_id": merged,
            "created_at": created,
            "updated_at": HISTORY,
            "email": "merged@merged.example",
            "merged_into_lead_id": survivor,
        },
        "activities": {
            "activity_id": "late",
            "lead_id": third,
            "activity_type": "demo_request",
            "occurred_at": "2026-01-05 08:00:00",
        },
    }
    for table, row in rows.items():
        with (landed / f"{table}.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, [*row, "_loaded_at"])
            writer.writeheader()
            writer.writerow(row | {"_loaded_at": HISTORY})
    load_directory(landed, both.warehouse)
