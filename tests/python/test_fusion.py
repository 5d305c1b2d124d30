"""dbt Fusion on DuckDB: builds and tests all, refreshes, and has the rows of dbt-core.

`make test` does so with a small sample where `.venv-fusion` is; FUSION=all (`make fusion-test`)
takes a larger one, and the other ways in which a run may go.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from harness import INHERITED, PROJECT, as_of_option, copy_project
from refreshing import query

from qualified_leads.load.land import load_directory
from qualified_leads.release.comparison import compare
from team.sample.generate import generate

ENVIRONMENT = PROJECT / ".venv-fusion"
LIBRARY = ENVIRONMENT / "node_modules/@duckdb/node-bindings-linux-x64"
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
UNIT_TESTS = ("test", "--select", "test_type:unit")
SUMMARY = re.compile(
    r"^(Processed: .*|Summary: .*|.*Done\. PASS.*|Full refresh: .*)$", re.MULTILINE
)
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
        return self._run("dbt-core", Path(sys.executable).with_name("dbt"), arguments)

    def run_fusion(self, *arguments: str) -> str:
        arguments = (*arguments, "--target", "fusion")
        return self._run("Fusion", ENVIRONMENT / "bin/dbt", arguments)

    def _run(self, engine: str, dbt: Path, arguments: tuple[str, ...]) -> str:
        environment = os.environ | {
            "WAREHOUSE": "warehouse",
            "LD_LIBRARY_PATH": str(LIBRARY),
            "DBT_DISABLE_VERSION_CHECK": "true",
            "DBT_USE_COLORS": "false",
            "DBT_STATIC_ANALYSIS": "off",
        }
        for name in INHERITED:
            environment.pop(name, None)
        started, used_before = time.monotonic(), _used()
        done = subprocess.run(
            [str(dbt), *arguments],
            cwd=self.project,
            env=environment,
            capture_output=True,
            text=True,
        )
        seconds, used = time.monotonic() - started, _used() - used_before
        print(f"\n{engine} {arguments[0]}: {seconds:.1f} s, of processors {used:.1f} s")
        print("\n".join(SUMMARY.findall(done.stdout)))
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
        return done.stdout

    def build(self, as_of: str) -> str:
        """Build with both; what Fusion said."""
        self.core("build", *as_of_option(as_of), *NO_UNIT_TESTS)
        return self.run_fusion("build", *as_of_option(as_of), *NO_UNIT_TESTS)

    def assert_same_rows(self) -> None:
        found = compare(self.warehouse / "work.duckdb", self.fusion)
        differing = [one for one in found.tables if one.is_different or one.columns]
        print(f"{len(found.tables)} tables compared, {len(differing)} differ")
        assert not differing
        assert not found.only_left and not found.only_right
        assert len(found.tables) >= 50

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


def _used() -> float:
    """Processor time of the processes that have ended, in seconds."""
    times = os.times()
    return times.children_user + times.children_system


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
