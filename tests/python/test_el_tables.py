"""Tables and views that an EL tool puts into the work file are read as they are, or refused."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from harness import BuildError, assert_no_defect
from refreshing import Warehouse, query
from test_incremental import new_warehouse
from test_incremental_traps import activity, lead, policy, score

from qualified_leads.errors import UsageError
from qualified_leads.lake.el_tables import check_el_tables, el_tables, hidden_rows
from qualified_leads.load.land import load_directory

AS_OF = "2024-03-05 00:00:00"
STAMPED = "create table el.companies as select 1 as company_id, timestamp '2024-02-01' as _fivetran"


@pytest.fixture
def work(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(tmp_path / "work.duckdb"))
    connection.execute("create schema raw")
    connection.execute("create schema el")
    return connection


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("'K' as domain, now() as _loaded_at", r"lacks the required column company_id$"),
        (
            "1 as company_id, now() as _fivetran_synced",
            r"lacks _loaded_at, .* create view raw\.companies as select \*, _fivetran_synced as"
            r" _loaded_at from <schema>\.companies$",
        ),
        ("1 as company_id, '1' as _dlt_load_id", r"select \*, <when it was extracted> as _loaded"),
        (
            "unnest([1, 2]) as company_id, case when company_id = 1 then now() end as _loaded_at",
            r"has 1 rows without _loaded_at",
        ),
        (
            "1 as company_id, 'zoe@acme.example' as employee_count, now() as _loaded_at",
            r"has 1 rows of which employee_count is not a whole number$",
        ),
        (
            "1 as company_id, {'at': now()} as updated_at, now() as _loaded_at",
            r"has 1 rows of which updated_at is not a timestamp$",
        ),
        ("1 as company_id, 'yesterday' as _loaded_at", r"of which _loaded_at is not a timestamp$"),
    ],
)
@pytest.mark.parametrize("kind", ["table", "view"])
def test_what_can_not_be_read_is_refused_in_one_line(
    work: duckdb.DuckDBPyConnection, kind: str, columns: str, told: str
) -> None:
    work.execute(f"create {kind} raw.companies as select {columns}")
    with pytest.raises(UsageError, match=rf"^raw\.companies, a {kind} of an EL tool, .*") as error:
        check_el_tables(work)
    assert error.match(told)
    assert "zoe" not in str(error.value) and "\n" not in str(error.value)


def test_a_view_of_what_is_gone_is_refused(work: duckdb.DuckDBPyConnection) -> None:
    work.execute(STAMPED)
    work.execute("create view raw.companies as select *, _fivetran as _loaded_at from el.companies")
    assert check_el_tables(work) == ["companies"]
    work.execute("drop table el.companies")
    with pytest.raises(UsageError, match=r"raw\.companies, .* can't be read \(CatalogException\)$"):
        check_el_tables(work)


def test_other_tables_are_nobodys_business(work: duckdb.DuckDBPyConnection) -> None:
    work.execute("create table raw.hubspot_contacts as select 1 as id")
    work.execute("create view raw.rejected_rows as select 1 as id")
    assert check_el_tables(work) == []


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Leads and activities in the lake; the views over it are there, and none is an EL tool's."""
    found = new_warehouse(tmp_path_factory.mktemp("el"), policy())
    found.land({"leads": [lead("a"), lead("b")], "activities": [activity("1", "a")]})
    found.refresh(AS_OF)
    with found.connected() as connection:
        assert el_tables(connection) == {}
    return found


def script(warehouse: Warehouse, *command: str) -> subprocess.CompletedProcess[str]:
    """A command of the project, without dbt, as it ends before that."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=warehouse.project,
        env={**os.environ, "WAREHOUSE": str(warehouse.directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert_no_defect(done.stderr)
    return done


def test_a_view_takes_the_place_of_the_lake(warehouse: Warehouse) -> None:
    """With keys of another type and times with a zone; what changes in it changes the marts."""
    question = f"select {score('engagement', 'a')}, {score('engagement', 'b')}"
    assert query(warehouse.database, question) == [(10, 0)]
    with warehouse.connected() as connection:
        connection.execute("create schema el")
        connection.execute(
            "create table el.activities as select 7 as activity_id, 'b' as lead_id, "
            "'visit' as activity_type, timestamptz '2024-02-01 00:00:00+00' as occurred_at, "
            "timestamp '2024-02-20' as _fivetran_synced, true as _fivetran_active"
        )
        connection.execute("drop view raw.activities")
        connection.execute(
            "create view raw.activities as "
            "select *, _fivetran_synced as _loaded_at from el.activities"
        )
    warehouse.refresh(AS_OF)
    assert query(warehouse.database, question) == [(0, 10)]
    with warehouse.connected() as connection:
        connection.execute("update el.activities set lead_id = 'a'")
    warehouse.refresh(AS_OF)
    assert query(warehouse.database, question) == [(10, 0)]
    (told,) = hidden_rows(warehouse.database, warehouse.directory / "raw")
    assert told.startswith("raw.activities in work.duckdb is an EL tool's, so what is in ")


def test_files_that_would_count_nowhere_are_refused(warehouse: Warehouse, tmp_path: Path) -> None:
    """While another table's land, and the commands end with 2 and one line."""
    lake = warehouse.directory / "raw"
    before = sorted(lake.glob("*/*"))
    rows = "activity_id,lead_id,activity_type,occurred_at\n1,a,visit,2024-02-01\n"
    (tmp_path / "activities.csv").write_text(rows)
    with pytest.raises(UsageError, match="files for activities would count nowhere"):
        load_directory(tmp_path, warehouse.directory)
    for command in ("scripts/load.py", "scripts/refresh.py"):
        refused = script(warehouse, command, str(tmp_path))
        assert (refused.returncode, refused.stderr.count("\n")) == (2, 1), refused.stderr
        assert "files for activities would count nowhere" in refused.stderr
    assert sorted(lake.glob("*/*")) == before


@pytest.mark.parametrize("how", [Warehouse.refresh, None], ids=["plain dbt", "refresh.py"])
def test_both_ways_to_build_say_the_same(
    warehouse: Warehouse, how: Callable[..., None] | None
) -> None:
    with warehouse.connected() as connection:
        if "spend" not in el_tables(connection):
            connection.execute("drop view raw.spend")
        connection.execute(
            "create or replace table raw.spend as "
            "select 's' as spend_id, date '2024-02-01' as spend_date, now() as _loaded_at"
        )
    told = "raw.spend, a table of an EL tool, lacks the required column amount"
    if how is not None:
        with pytest.raises(BuildError, match=told):
            how(warehouse, AS_OF, "run", "--select", "stg_raw__spend")
    else:
        refused = script(warehouse, "scripts/refresh.py")
        assert (refused.returncode, refused.stderr) == (2, f"{told}\n")


def test_nobody_is_erased_out_of_a_view(warehouse: Warehouse) -> None:
    refused = script(warehouse, "scripts/erase.py", "--lead-id", "a")
    assert refused.returncode == 2
    assert refused.stderr.startswith("raw.activities in work.duckdb is a view of an EL tool")
    assert not (warehouse.directory / "suppressed.json").exists()
