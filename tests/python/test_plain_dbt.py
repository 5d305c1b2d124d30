"""`dbt build` without the refresh around it, from an empty warehouse on."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from harness import BuildError, as_of_option, copy_project, run_dbt
from refreshing import query, snapshot, snapshot_differences

from qualified_leads.load.land import load_directory
from team.sample.generate import generate

BUILD = ("build", *as_of_option("2026-07-01 00:00:00"))
NO_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
NO_TESTS = (*NO_UNIT_TESTS, "--exclude-resource-type", "test")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, built in an empty warehouse with every unit and data test."""
    root = tmp_path_factory.mktemp("plain")
    generate(40, 400, 1, root / "sample")
    project = copy_project(root / "project")
    load_directory(root / "sample", project / "warehouse")
    run_dbt(project, *BUILD)
    return project


def test_an_empty_warehouse_is_built(built: Path) -> None:
    database = built / "warehouse" / "work.duckdb"
    assert query(database, "select count(*) > 30 from marts.fct_leads") == [(True,)]
    assert query(database, "select is_complete, is_tested from ops.refreshes") == [(True, True)]


def test_freshness_tells_what_has_not_come_for_a_week(built: Path, tmp_path: Path) -> None:
    """Of leads eight days, of spend six; nothing else ever came, which is not late."""
    project = tmp_path / "project"
    shutil.copytree(built, project, ignore=shutil.ignore_patterns("warehouse"))
    for days, name, text in (
        (8, "leads", "lead_id,created_at\nL1,2026-01-01 00:00:00\n"),
        (6, "spend", "spend_id,spend_date,amount\ns1,2026-01-01,1\n"),
    ):
        source = tmp_path / name
        source.mkdir()
        (source / f"{name}.csv").write_text(text)
        extracted_at = f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d %H:%M:%S}"
        load_directory(source, project / "warehouse", extracted_at=extracted_at)
    run_dbt(project, "source", "freshness")
    results = json.loads((project / "target" / "sources.json").read_text())["results"]
    found = {one["unique_id"].split(".")[-1]: one["status"] for one in results}
    assert len(found) == 14
    assert {name for name, status in found.items() if status != "pass"} == {"leads"}
    assert found["leads"] == "warn"


def test_a_part_is_built_with_its_tests(built: Path) -> None:
    before = snapshot(built / "warehouse" / "work.duckdb")
    run_dbt(built, *BUILD, "--select", "int_rules_parsed rpt_lead_funnel+")
    assert snapshot_differences(before, snapshot(built / "warehouse" / "work.duckdb")) == []


def test_a_retry_after_a_failure_builds_the_rest(built: Path) -> None:
    before = snapshot(built / "warehouse" / "work.duckdb")
    model = built / "models" / "marts" / "fct_spend.sql"
    sound = model.read_text()
    model.write_text(f"{sound}\nand no_such_column")
    part = ("--select", "fct_spend int_source_months")
    with pytest.raises(BuildError, match="fct_spend"):
        run_dbt(built, *BUILD, *NO_TESTS, *part)
    model.write_text(sound)
    run_dbt(built, "retry")
    assert snapshot_differences(before, snapshot(built / "warehouse" / "work.duckdb")) == []


def test_it_is_built_again_where_it_was_moved_to(built: Path, tmp_path: Path) -> None:
    """With another moment between: the second build of the same one gives the same rows."""
    before = snapshot(built / "warehouse" / "work.duckdb")
    moved = tmp_path / "moved"
    shutil.copytree(built, moved)
    shutil.move(built, tmp_path / "away")  # so that nothing is found where it was
    try:
        run_dbt(moved, "build", *as_of_option("2026-06-30 00:00:00"), *NO_TESTS)
        database = moved / "warehouse" / "work.duckdb"
        assert snapshot_differences(before, snapshot(database))
        run_dbt(moved, *BUILD, *NO_TESTS)
        assert snapshot_differences(before, snapshot(database)) == []
    finally:
        shutil.move(tmp_path / "away", built)


def test_it_builds_as_a_package_of_another_project(built: Path, tmp_path: Path) -> None:
    """Of raw tables elsewhere, without our plugin: the same marts and reports.

    Then a run that finds what came since, against one that computes everything.
    """
    host = tmp_path / "host"
    (host / "models").mkdir(parents=True)
    (host / "packages.yml").write_text(f"packages: [{{local: '{built}'}}]\n")
    (host / "models" / "hot_leads.sql").write_text(
        "select lead_id from {{ ref('qualified_leads', 'fct_leads') }}"
    )
    (host / "profiles.yml").write_text(
        "host: {target: dev, outputs: {dev: {type: duckdb, path: host.duckdb, schema: host}}}\n"
    )
    settings = {
        "name": "host",
        "profile": "host",
        "vars": {"qualified_leads": {"raw_schema": "crm", "as_of": "2026-07-01 00:00:00"}},
    }
    (host / "dbt_project.yml").write_text(json.dumps(settings))
    landed = built / "warehouse" / "raw"
    tables = {path.parent.name for path in landed.rglob("*.parquet")} - {"rejected_rows"}
    with duckdb.connect(str(host / "host.duckdb")) as connection:
        connection.execute("create schema crm")
        for table in tables:
            connection.execute(f"create table crm.{table} as from '{landed / table}/*.parquet'")
        # A column of the contract that a source need not have.
        connection.execute("alter table crm.leads drop landing_page")
    run_dbt(host, "deps")
    run_dbt(host, "build", *NO_UNIT_TESTS)
    work = built / "warehouse" / "work.duckdb"
    of_landing_page = {"dim_leads", "rpt_data_quality"}
    assert _differing(work, "", host / "host.duckdb", "host_") <= of_landing_page

    with duckdb.connect(str(host / "host.duckdb")) as connection:
        later = "timestamp '2099-01-01' as _loaded_at, timestamp '2099-01-01' as _landed_at"
        connection.execute(
            f"insert into crm.activities by name select 'new ' || activity_id as activity_id, "
            f"lead_id, 'demo_request' as activity_type, timestamp '2026-06-30' as occurred_at, "
            f"{later} from crm.activities limit 50"
        )
    run_dbt(host, "run")
    runs = "select is_full, reason, is_complete from host_ops.refreshes order by refresh_number"
    assert query(host / "host.duckdb", runs) == [
        (True, "none has been completed yet", True),
        (False, None, True),
    ]
    shutil.copy(host / "host.duckdb", tmp_path / "later.duckdb")
    run_dbt(host, "run", "--full-refresh")
    assert _differing(tmp_path / "later.duckdb", "host_", host / "host.duckdb", "host_") == set()
    assert _differing(work, "", host / "host.duckdb", "host_") > {"fct_leads"}

    with duckdb.connect(str(host / "host.duckdb")) as connection:
        connection.execute("alter table crm.spend drop amount")
    with pytest.raises(BuildError, match="lacks the required column amount"):
        run_dbt(host, "run", "--select", "stg_raw__spend")


def _differing(left: Path, left_prefix: str, right: Path, right_prefix: str) -> set[str]:
    """Public tables with rows that the other file lacks; doubles are compared to 7 digits."""
    found = set()
    with duckdb.connect() as connection:
        connection.execute(f"attach '{left}' as l (read_only)")
        connection.execute(f"attach '{right}' as r (read_only)")
        for schema in ("marts", "reports"):
            tables = connection.execute(
                "select table_name from information_schema.tables "
                "where table_catalog = 'l' and table_schema = ?",
                [left_prefix + schema],
            ).fetchall()
            for (table,) in tables:
                ours = f"l.{left_prefix}{schema}.{table}"
                theirs = f"r.{right_prefix}{schema}.{table}"
                columns = ", ".join(
                    f"round({name}, 7)" if kind == "DOUBLE" else name
                    for name, kind, *_ in connection.execute(f"describe {ours}").fetchall()
                )
                lacking = f"(select {columns} from {{}} except all select {columns} from {{}})"
                query = " union all ".join(
                    f"select 1 from {lacking.format(*pair)}"
                    for pair in ((ours, theirs), (theirs, ours))
                )
                if connection.execute(f"{query} limit 1").fetchall():
                    found.add(table)
    return found


def test_leads_alone_are_enough(built: Path, tmp_path: Path) -> None:
    """Of every other table nothing landed; the data tests hold."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "leads.csv").write_text("lead_id,created_at\nL1,2026-01-01 00:00:00\n")
    project = tmp_path / "project"
    shutil.copytree(built, project, ignore=shutil.ignore_patterns("warehouse"))
    load_directory(source, project / "warehouse")
    run_dbt(project, *BUILD, *NO_UNIT_TESTS)
    database = project / "warehouse" / "work.duckdb"
    assert query(database, "select lead_id from marts.fct_leads") == [("L1",)]
