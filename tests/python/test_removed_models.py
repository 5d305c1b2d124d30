"""What an older version of the project built and this one does not have leaves the work file."""

from __future__ import annotations

from pathlib import Path

import duckdb

from qualified_leads.refresh.removed_models import drop_removed_models


def test_public_tables_without_a_model_are_dropped_and_no_others(tmp_path: Path) -> None:
    project, work = tmp_path / "project", tmp_path / "work.duckdb"
    (project / "models" / "marts" / "goals").mkdir(parents=True)
    (project / "models" / "marts" / "goals" / "fct_kept.sql").write_text("select 1")
    with duckdb.connect(str(work)) as connection:
        for schema in ("raw", "intermediate", "marts", "reports"):
            connection.execute(f"create schema {schema}")
        connection.execute("create table marts.fct_kept as select 1 as a")
        connection.execute("create table marts.fct_gone as select 1 as a")
        connection.execute("create view reports.rpt_gone as select 1 as a")
        connection.execute("create table raw.rejected_rows as select 1 as a")
        connection.execute("create table intermediate.int_gone as select 1 as a")
    gone = [("marts", "fct_gone"), ("reports", "rpt_gone")]
    assert drop_removed_models(work, project) == gone
    assert drop_removed_models(work, project) == []
    with duckdb.connect(str(work), read_only=True) as connection:
        rows = connection.execute("select table_name from information_schema.tables").fetchall()
    assert {name for (name,) in rows} == {"fct_kept", "rejected_rows", "int_gone"}
