"""Build a temporary copy of the project on given raw files and seeds, and compare what it built."""

from __future__ import annotations

import atexit
import csv
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb

from qualified_leads.load.land import load_directory
from qualified_leads.refresh.dbt_run import DbtFailedError
from qualified_leads.refresh.dbt_run import run_dbt as build_parsed

Row = dict[str, Any]

PROJECT = Path(__file__).resolve().parents[2]
SHARED_CASES = PROJECT.parent / "shared" / "cases"
CORE_ALONE = ("--exclude-resource-type", "unit_test", "--exclude", "tag:decisions")
NO_TESTS = ("--exclude-resource-type", "test")
BUILT = (
    ".venv",
    ".venv-superset",
    ".venv-fusion",
    ".venv-spark",
    "target",
    "warehouse",
    "logs",
    "dbt_packages",
)
# Variables by which dbt would look for another project, or write outside of the copy.
INHERITED = ("DBT_TARGET_PATH", "DBT_LOG_PATH", "DBT_PROFILES_DIR", "DBT_PROJECT_DIR")
LEFT_OUT = (*BUILT, ".git", "tests/python")

STAGES = ("lead", "mql", "sal", "sql", "opportunity", "customer")
COUNTS = "leads mqls sals sqls opportunities customers"
EPISODE_FACTS = (
    "fit_score engagement_score label policy_version criteria_met_count criteria_missing_count "
    "outcome hours_to_accept hours_to_contact trigger"
)
REACHED = " ".join(f"has_reached_{stage}" for stage in STAGES[1:])
PAIRS = list(zip(STAGES, STAGES[1:], strict=False))
RATES = " ".join(f"{a}_to_{b}_rate median_{a}_to_{b}_days" for a, b in PAIRS)
# schema.table -> (key, other columns) as SEMANTICS lists them
CHECKED = {
    "marts.bridge_lead_identity": ("lead_id", "survivor_lead_id reason"),
    "marts.fct_leads": (
        "lead_id",
        "created_at lead_source fit_score engagement_score label current_stage mql_at "
        "mql_blocked_reason sal_at sql_at opportunity_at customer_at revenue is_sales_sourced "
        + REACHED,
    ),
    "marts.fct_lead_scores": (
        "lead_id",
        "fit_score engagement_score grade level label fit_unknown_count",
    ),
    "marts.fct_score_ledger": (
        "lead_id score_kind rule_id",
        "score_group event_count raw_points decayed_points capped_points",
    ),
    "marts.fct_score_history": (
        "lead_id score_date",
        "scored_at fit_score engagement_score label",
    ),
    "marts.fct_mqls": ("lead_id episode", "mql_at " + EPISODE_FACTS),
    "marts.fct_sqls": ("lead_id episode", "sql_at is_sales_sourced " + EPISODE_FACTS),
    "marts.fct_stage_entries": ("lead_id episode stage", "entered_at days_since_previous_stage"),
    "marts.fct_spend": ("spend_id", "spend_date lead_source reporting_amount"),
    "marts.fct_attribution_credits": (
        "milestone attribution_model lead_id activity_id",
        "touched_at lead_source credit",
    ),
    "marts.fct_row_accounting": ("table_name", "row_count staged superseded quarantined deleted"),
    "reports.rpt_lead_funnel": ("basis month lead_source", f"{COUNTS} revenue {RATES}"),
    "reports.rpt_source_costs": (
        "basis month lead_source",
        f"spend {COUNTS} cost_per_lead cost_per_mql cost_per_sql cost_per_opportunity "
        "cost_per_customer revenue roi roas is_mature",
    ),
    "reports.rpt_attributed_source_costs": (
        "attribution_model basis month lead_source",
        f"spend {COUNTS} cost_per_lead cost_per_mql cost_per_sql cost_per_opportunity "
        "cost_per_customer revenue roi roas is_mature",
    ),
    "reports.rpt_quarantine": ("table_name reason", "row_count held_back_amount near_miss_count"),
}


DEFECT = re.compile(r"^(unexpected \w+ |Traceback )", re.MULTILINE)


class BuildError(Exception):
    """dbt failed; the message names the nodes that failed."""


def copy_project(destination: Path) -> Path:
    """The project without what is built, installed or generated; returns the copy's root."""

    def is_left_out(directory: str, names: list[str]) -> list[str]:
        here = Path(directory).relative_to(PROJECT)
        return [name for name in names if (here / name).as_posix() in LEFT_OUT]

    return Path(shutil.copytree(PROJECT, destination, ignore=is_left_out))


def replace_seeds(project: Path, seeds: Path) -> None:
    """Put a case's seeds in place; a column that the project has besides is left blank."""
    for source in sorted(seeds.glob("*.csv")):
        target = project / "seeds" / source.name
        with target.open(newline="", encoding="utf-8") as handle:
            header = next(csv.reader(handle))
        with source.open(newline="", encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        with target.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, header, restval="", extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)


def run_dbt(project: Path, *arguments: str) -> None:
    """Run the dbt that is installed beside this Python on a prepared copy; raises BuildError."""
    dbt = Path(sys.executable).with_name("dbt")
    environment = os.environ | {"WAREHOUSE": "warehouse", "DBT_USE_COLORS": "false"}
    for name in INHERITED:
        environment.pop(name, None)
    done = subprocess.run(
        [str(dbt), *arguments], cwd=project, env=environment, capture_output=True, text=True
    )
    if done.returncode:
        raise BuildError(failure(project, done.stdout + done.stderr))


def failure(project: Path, output: str) -> str:
    """What failed in the last dbt run of a project, else the end of what it printed."""
    results = project / "target" / "run_results.json"
    failed = []
    if results.exists():
        for result in json.loads(results.read_text())["results"]:
            if result["status"] in ("error", "fail", "runtime error"):
                failed.append(f"{result['unique_id']}: {result['message']}")
    return "\n".join(failed) or output[-3000:]


def prepare_case(tmp: Path, raw_dir: Path, seeds_dir: Path | None) -> Path:
    """A copy of the project with these seeds and a lake of these files; returns its root.

    Its warehouse is the default one, so that dbt sees one and the same `WAREHOUSE` in every copy.
    """
    project = copy_project(tmp / "project")
    (project / "warehouse").mkdir()
    if seeds_dir is not None:
        replace_seeds(project, seeds_dir)
    load_directory(raw_dir, project / "warehouse")
    return project


def build_case(
    tmp: Path, raw_dir: Path, seeds_dir: Path | None, as_of: str, with_tests: bool = True
) -> Path:
    """Load raw files into a warehouse of their own and build the core on it with these seeds.

    Returns the path of work.duckdb. Raises BuildError with the names of the models and data tests
    that failed. Left out is what no case is about, unit tests and what is tagged `decisions`;
    without tests only the numbers are built.
    """
    return _build(tmp, raw_dir, None, seeds_dir, as_of, () if with_tests else NO_TESTS)


def build_mapped(tmp: Path, data: Path, mapping: str, as_of: str) -> Path:
    """Load files through one of the project's mappings, build; returns the path of work.duckdb."""
    return _build(tmp, data, PROJECT / "mappings" / mapping, None, as_of)


def _build(
    tmp: Path,
    source: Path,
    mapping: Path | None,
    seeds_dir: Path | None,
    as_of: str,
    options: tuple[str, ...] = (),
) -> Path:
    project = _project_of_this_process()
    warehouse = project / "warehouse"
    shutil.rmtree(warehouse, ignore_errors=True)
    warehouse.mkdir()
    for seed in (PROJECT / "seeds").glob("*.csv"):
        shutil.copy(seed, project / "seeds")
    if seeds_dir is not None:
        replace_seeds(project, seeds_dir)
    load_directory(source, warehouse, mapping)
    try:
        build_parsed(project, warehouse, ["build", *as_of_option(as_of), *CORE_ALONE, *options])
    except DbtFailedError as error:
        raise BuildError(failure(project, str(error))) from error
    return shutil.move(warehouse, tmp / "warehouse") / "work.duckdb"


@cache
def _project_of_this_process() -> Path:
    """A copy that stays where it is, so that dbt parses it once."""
    for name in INHERITED:
        os.environ.pop(name, None)
    root = Path(mkdtemp(prefix="qualified-leads-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    return copy_project(root / "project")


def assert_no_defect(stderr: str) -> None:
    """A failure is told by what and what to do; only a defect is told by its place in the code."""
    assert not DEFECT.search(stderr), stderr


def as_of_option(as_of: str) -> list[str]:
    """dbt's arguments that set 'now'."""
    return ["--vars", json.dumps({"as_of": as_of})]


def read_built(database: Path, table: str, columns: list[str]) -> list[Row]:
    """Rows of `schema.table`; an absent table or column raises."""
    with duckdb.connect(str(database), read_only=True) as connection:
        names = ", ".join(f'"{column}"' for column in columns)
        rows = connection.execute(f"select {names} from {table}").fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _plain(value: Any) -> Any:
    """A value as it compares: numbers as float, days as moments, the rest as it is."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float | Decimal):
        return float(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value.replace(tzinfo=None) if isinstance(value, datetime) else str(value)


def _is_same(column: str, expected: Any, got: Any) -> bool:
    expected, got = _plain(expected), _plain(got)
    if isinstance(expected, float) and isinstance(got, float):
        allowed = 0.01 if column.startswith("cost_per_") else 1e-6 * max(1.0, abs(expected))
        return abs(expected - got) <= allowed + 1e-9
    return expected == got


def _is_counted(table: str, row: Row) -> bool:
    """Ledger rows without points and tables without rows may be listed or not."""
    if table == "marts.fct_score_ledger":
        points = (row["raw_points"], row["decayed_points"], row["capped_points"])
        return any(abs(value or 0) > 1e-6 for value in points)
    return table != "marts.fct_row_accounting" or row["row_count"] > 0


def _columns_of(table: str, row: Row, columns: list[str]) -> list[str]:
    """Columns that mean something in the row: the documents give a rule of fit its points only."""
    if table != "marts.fct_score_ledger":
        return columns
    is_only_points = row["score_kind"] == "fit" or row["rule_id"].startswith("clamp:")
    return ["score_group", "capped_points"] if is_only_points else columns


def table_differences(table: str, expected: list[Row], got: list[Row]) -> list[str]:
    """One line per row that is missing, extra or repeated and per value that differs."""
    keys, columns = (names.split() for names in CHECKED[table])

    def by_key(rows: list[Row]) -> dict[tuple, list[Row]]:
        found: dict[tuple, list[Row]] = {}
        for row in rows:
            if _is_counted(table, row):
                found.setdefault(tuple(str(_plain(row[key])) for key in keys), []).append(row)
        return found

    want, have = by_key(expected), by_key(got)
    lines = [f"{table} {key}: missing {want[key][0]}" for key in want if key not in have]
    lines += [f"{table} {key}: not expected {have[key][0]}" for key in have if key not in want]
    lines += [f"{table} {key}: repeated" for key, rows in have.items() if len(rows) > 1]
    for key in sorted(want.keys() & have.keys()):
        a, b = want[key][0], have[key][0]
        for column in _columns_of(table, a, columns):
            if not _is_same(column, a[column], b[column]):
                lines.append(f"{table} {key} {column}: expected {a[column]}, got {b[column]}")
    return lines


def differences(
    expected: dict[str, list[Row]], database: Path, only: tuple[str, ...] = ()
) -> list[str]:
    """Compare the reference's tables (all that are checked, or these) with a built database."""
    lines = []
    for table in only or CHECKED:
        keys, columns = (names.split() for names in CHECKED[table])
        rows = expected.get(table.split(".")[1], [])
        lines += table_differences(table, rows, read_built(database, table, keys + columns))
    return lines
