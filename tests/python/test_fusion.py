"""dbt Fusion on DuckDB: builds and tests all, refreshes, and has the rows of dbt-core.

`make test` does so with a small sample where `.venv-fusion` is; FUSION=all (`make fusion-test`)
takes a larger one, and the other ways in which a run may go.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from engines import assert_same_rows, inherited, run_engine
from harness import PROJECT, as_of_option, copy_project
from refreshing import query

from qualified_leads.load.land import load_directory
from team.sample.generate import generate

ENVIRONMENT = PROJECT / ".venv-fusion"
LIBRARY = ENVIRONMENT / "node_modules/@duckdb/node-bindings-linux-x64"
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
UNIT_TESTS = ("test", "--select", "test_type:unit")
LANDED_AT = "2026-07-01 10:00:00"

IS_WHOLE = os.environ.get("FUSION") == "all"
LEADS, ACTIVITIES = (5000, 150_000) if IS_WHOLE else (400, 8000)

in_full = pytest.mark.skipif(not IS_WHOLE, reason="make fusion-test")
pytestmark = pytest.mark.skipif(
    not (ENVIRONMENT / "installed").is_file(), reason="no .venv-fusion (make fusion)"
)


@dataclass
class Both:
    """A copy of the project that both engines build, each in a work file of its own."""

    project: Path

    @property
    def warehouse(self) -> Path:
        return self.project / "warehouse"

    @property
    def fusion(self) -> Path:
        return self.warehouse / "fusion.duckdb"

    def core(self, *arguments: str) -> str:
        dbt = Path(sys.executable).with_name("dbt")
        return run_engine("dbt-core", [dbt, *arguments], self.project, inherited())

    def run_fusion(self, *arguments: str) -> str:
        environment = inherited() | {
            "LD_LIBRARY_PATH": str(LIBRARY),
            "DBT_DISABLE_VERSION_CHECK": "true",
            "DBT_STATIC_ANALYSIS": "off",
        }
        command = [ENVIRONMENT / "bin/dbt", *arguments, "--target", "fusion"]
        return run_engine("Fusion", command, self.project, environment)

    def build(self, as_of: str) -> str:
        """Build with both; what Fusion said."""
        self.core("build", *as_of_option(as_of), *NO_UNIT_TESTS)
        return self.run_fusion("build", *as_of_option(as_of), *NO_UNIT_TESTS)

    def assert_same_rows(self) -> None:
        assert_same_rows(self.warehouse / "work.duckdb", self.fusion)

    def last_refresh(self) -> tuple:
        columns = "refresh_number, complete_number, is_full, reason, is_complete, is_tested"
        return query(
            self.fusion, f"select {columns} from ops.refreshes order by refresh_number desc limit 1"
        )[0]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """Built in full from the sample."""
    root = tmp_path_factory.mktemp("fusion")
    generate(LEADS, ACTIVITIES, 1, root / "sample")
    built = Both(copy_project(root / "project"))
    load_directory(root / "sample", built.warehouse)
    _change(root / "sample", root / "later")
    built.build("2026-07-01 00:00:00")
    return built


def test_a_full_build_has_the_rows_of_dbt_core(both: Both) -> None:
    both.assert_same_rows()
    assert both.last_refresh() == (1, -1, True, "none has been completed yet", True, True)


@in_full
def test_unit_tests_pass(both: Both) -> None:
    both.core(*UNIT_TESTS)
    both.run_fusion(*UNIT_TESTS)


def test_a_refresh_computes_the_leads_concerned(both: Both) -> None:
    load_directory(both.project.parent / "later", both.warehouse)
    both.build("2026-07-02 00:00:00")
    assert both.last_refresh() == (2, 1, False, None, True, True)
    (leads,) = query(both.fusion, "select count(*) from marts.fct_leads")[0]
    (affected,) = query(both.fusion, "select count(*) from delta.int_leads_affected")[0]
    assert 0 < affected < leads / (10 if IS_WHOLE else 2)
    both.assert_same_rows()


@in_full
def test_a_changed_policy_builds_everything(both: Both) -> None:
    path = both.project / "seeds" / "activity_rules.csv"
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    rows[0]["points"] = str(float(rows[0]["points"]) + 7)
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    both.build("2026-07-02 00:00:00")
    assert both.last_refresh() == (3, -1, True, "the policy has changed", True, True)
    both.assert_same_rows()


def test_a_table_of_all_leads_is_not_made_of_some(both: Both) -> None:
    both.run_fusion("run", *as_of_option("2026-07-03 00:00:00"))
    with pytest.raises(AssertionError, match="run dbt build --full-refresh"):
        both.run_fusion("run", "--full-refresh", "--select", "fct_mqls")


def test_duckdb_reads_nothing_else(both: Both) -> None:
    model = both.project / "models" / "reports" / "foreign.sql"
    for sql in ("from read_text('/etc/hostname')", "set enable_external_access = true"):
        config = "{{ config(contract={'enforced': false}, pre_hook=" + json.dumps(sql) + ") }}"
        model.write_text(f"{config} select 1 as one")
        with pytest.raises(AssertionError, match="disabled by configuration|Cannot enable"):
            both.run_fusion("run", "--select", "foreign")
    model.unlink()


def _change(sample: Path, later: Path) -> None:
    """Rows of a day later: versions of leads, hand-raises, spend."""
    later.mkdir()
    changes: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
        "leads": lambda row: {"updated_at": "2026-07-01 09:00:00", "job_title": "CMO"},
        "activities": lambda row: {
            "activity_id": f"new {row['activity_id']}",
            "activity_type": "demo_request",
            "occurred_at": "2026-07-01 08:00:00",
        },
        "spend": lambda row: {"spend_id": f"new {row['spend_id']}"},
    }
    for table, change in changes.items():
        with (sample / f"{table}.csv").open(newline="", encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))[:60:3]
        with (later / f"{table}.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, rows[0].keys())
            writer.writeheader()
            writer.writerows(row | change(row) | {"_loaded_at": LANDED_AT} for row in rows)
