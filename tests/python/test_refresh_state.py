"""What is read of a work file before a refresh, and the row that is written of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from qualified_leads.errors import UsageError
from qualified_leads.refresh.decision import Again, Answer, Changed, Everything, Nothing
from qualified_leads.refresh.state import (
    Place,
    Request,
    begin,
    end,
    last_number,
    prepare,
)

AS_OF = datetime(2026, 7, 1)
HOUR = timedelta(hours=1)
REQUEST = Request(AS_OF, variables={})
MODELS = ("stg_raw__dispositions", "int_leads_affected", "int_lead_identities", "fct_mqls")
OUT_OF_ORDER = "raw rows vanished, changed or landed out of order"
BUILD = """
    create schema if not exists staging;
    create schema if not exists intermediate;
    create schema if not exists marts;
    create schema if not exists policy;
    create or replace table staging.stg_raw__dispositions as
    select
        disposition_id, _landed_at, occurred_at as effective_at,
        occurred_at + interval 1 microsecond as next_episode_at
    from raw.dispositions;
    create or replace table policy.fit_rules as
    select timestamp '2026-01-01' as valid_from, timestamp '2026-12-31' as valid_to;
    create or replace table intermediate.int_leads_affected as
    select 'a' as lead_id where false;
    create or replace table intermediate.int_lead_identities as
    select unnest(['a', 'b']) as lead_id, unnest(['a', null]) as survivor_lead_id;
    create or replace view marts.fct_mqls as select 1 as lead_id;
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A project of four models and a seed, of which one disposition has landed."""
    project = tmp_path / "project"
    for name in (*(f"models/{model}.sql" for model in MODELS), "seeds/fit_rules.csv"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("1")
    (project / "dbt_project.yml").write_text("name: p\n")
    with duckdb.connect(str(tmp_path / "work.duckdb")) as connection:
        connection.execute("set timezone = 'UTC'")
        found = Place(connection, project, tmp_path)
        land(found, "one", "2026-06-03 00:00:00")
        yield found


def land(
    place: Place, disposition_id: str, landed_at: str, occurred_at: str = "2026-06-01"
) -> None:
    directory = place.warehouse / "raw" / "dispositions"
    directory.mkdir(parents=True, exist_ok=True)
    place.connection.execute(
        f"copy (select '{disposition_id}' as disposition_id, timestamp '{occurred_at}' as"
        f" occurred_at, timestamp '{landed_at}' as _landed_at)"
        f" to '{directory}/{disposition_id}.parquet'"
    )


def refreshed(place: Place, as_of: datetime = AS_OF) -> Answer | None:
    """The answer for a run that then builds all that there is."""
    number, answer = begin(place, replace(REQUEST, as_of=as_of))
    place.connection.execute(BUILD)
    end(place, number, is_tested=True)
    return answer


def ask(place: Place, as_of: datetime = AS_OF, **request: Any) -> Answer | None:
    return begin(place, replace(REQUEST, as_of=as_of, **request))[1]


def test_the_first_refresh_builds_everything_and_the_second_nothing(place: Place) -> None:
    assert refreshed(place) == Everything("none has been completed yet")
    assert refreshed(place) == Nothing()
    found = place.rows(
        "select refresh_number, complete_number, is_full, reason, is_complete, is_tested"
        " from ops.refreshes order by 1"
    )
    assert found == [
        (1, -1, True, "none has been completed yet", True, True),
        (2, 1, False, None, True, True),
    ]


def test_a_run_with_nothing_to_do_is_complete_at_once(place: Place) -> None:
    refreshed(place)
    assert ask(place) == Nothing()
    assert ask(place) == Nothing()
    assert place.rows("select complete_number, is_complete from ops.refreshes order by 1") == [
        (-1, True),
        (1, True),
        (2, True),
    ]


def test_a_plain_dbt_build_with_nothing_to_do_may_fail(place: Place) -> None:
    """It builds every model all the same."""
    refreshed(place)
    assert ask(place, leaves_out=False) == Nothing()
    assert ask(place) == Again("the last run was not completed")


def test_what_landed_is_known_by_the_watermark_of_staging(place: Place) -> None:
    refreshed(place)
    land(place, "two", "2026-06-03 00:00:00.000001")
    assert ask(place) == Changed(("dispositions",), is_later=False, has_delta=False)
    found = json.loads(place.value("select watermarks from ops.refreshes where refresh_number = 2"))
    assert found == {
        "dispositions": {"fingerprint": None, "landed_at": "2026-06-03 00:00:00", "rows": 1}
    }


@pytest.mark.parametrize("landed_at", ["2026-06-03 00:00:00", "2026-06-02 00:00:00"])
def test_rows_that_land_at_or_before_the_watermark_build_everything(
    place: Place, landed_at: str
) -> None:
    refreshed(place)
    land(place, "two", landed_at)
    assert ask(place) == Everything(OUT_OF_ORDER)


def test_a_file_that_is_gone_builds_everything(place: Place) -> None:
    land(place, "two", "2026-06-02 00:00:00")
    refreshed(place)
    (place.warehouse / "raw" / "dispositions" / "two.parquet").unlink()
    assert ask(place) == Everything(OUT_OF_ORDER)


def test_rows_of_an_el_tool_are_compared_by_their_content(place: Place) -> None:
    """Its table has no `_landed_at`, for which `_loaded_at` stands, and other columns besides."""
    place.connection.execute("create schema raw")
    place.connection.execute(
        "create table raw.dispositions as select 'one' as disposition_id, 1 as other,"
        " timestamp '2026-06-01' as occurred_at, timestamp '2026-06-02' as _loaded_at"
    )
    build = BUILD.replace("_landed_at", "_loaded_at as _landed_at", 1)
    insert = "insert into raw.dispositions by name select 'two' as disposition_id, timestamp"
    steps = [
        ("select 1", Everything("none has been completed yet")),
        ("select 1", Nothing()),
        ("update raw.dispositions set other = 2", Nothing()),
        (f"{insert} '2026-06-03' as _loaded_at", Changed(("dispositions",), False, False)),
        (f"{insert} '2026-06-03' as _loaded_at", Everything(OUT_OF_ORDER)),
        ("update raw.dispositions set disposition_id = 'three'", Everything(OUT_OF_ORDER)),
        ("delete from raw.dispositions", Everything(OUT_OF_ORDER)),
    ]
    for change, wanted in steps:
        place.connection.execute(change)
        number, answer = begin(place, REQUEST)
        assert answer == wanted, change
        place.connection.execute(build)
        end(place, number, is_tested=True)


@pytest.mark.parametrize(
    ("occurred_at", "is_found"),
    [
        ("2026-07-01 00:00:00", True),  # the next episode begins a microsecond later
        ("2026-07-01 01:00:00", True),
        ("2026-07-01 01:00:00.000001", False),
        ("2026-06-30 23:59:59.999999", False),
    ],
)
def test_rows_take_effect_after_the_last_refresh_and_by_now(
    place: Place, occurred_at: str, is_found: bool
) -> None:
    land(place, "two", "2026-06-04", occurred_at)
    refreshed(place)
    tables = ("dispositions",) if is_found else ()
    assert ask(place, AS_OF + HOUR) == Changed(tables, is_later=True, has_delta=False)


@pytest.mark.parametrize("moment", ["valid_from", "valid_to"])
def test_a_rule_that_begins_or_ends_builds_everything(place: Place, moment: str) -> None:
    refreshed(place)
    place.connection.execute(f"update policy.fit_rules set {moment} = timestamp '2026-07-01'")
    assert ask(place, AS_OF + HOUR) == Changed((), is_later=True, has_delta=False)
    place.connection.execute(f"update policy.fit_rules set {moment} = timestamp '2026-07-01 01:00'")
    told = Everything("a part of the policy takes effect or ends")
    assert ask(place, AS_OF + HOUR) == told


def test_what_is_missing_and_what_was_left_of_the_last_refresh_is_seen(place: Place) -> None:
    refreshed(place)
    place.connection.execute("insert into intermediate.int_leads_affected values ('a')")
    assert ask(place, AS_OF + HOUR) == Changed((), is_later=True, has_delta=True)
    place.connection.execute("drop view marts.fct_mqls")
    assert ask(place, AS_OF + HOUR) == Everything("a table is missing")


def test_seeds_that_were_loaded_in_part_or_by_another_run_are_noticed(place: Place) -> None:
    refreshed(place)
    assert ask(place, loads_policy="none") == Nothing()
    (place.project / "seeds" / "fit_rules.csv").write_text("2")
    assert ask(place, loads_policy="none") == Nothing()  # those that are loaded are what they were
    assert ask(place, loads_policy="some", is_whole=False) is None
    (place.project / "seeds" / "fit_rules.csv").write_text("1")
    assert ask(place) == Everything("the policy has changed")


def test_a_part_builds_upon_what_there_is(place: Place) -> None:
    assert ask(place, is_whole=False) == Everything("none has been completed yet")
    refreshed(place)
    assert ask(place, is_whole=False) is None
    assert ask(place, is_whole=False, is_asked_for=True) == Everything("it was asked for")
    assert ask(place) == Everything("the last one was not completed")


def test_a_table_of_all_leads_is_not_rebuilt_from_some(place: Place) -> None:
    refreshed(place)
    number = last_number(place)
    part = {"is_whole": False, "kept": ("fct_sqls",), "has_affected": False}
    with pytest.raises(UsageError, match="fct_sqls cannot be rebuilt from the leads of the last"):
        ask(place, **part)
    assert last_number(place) == number  # and nothing is written down
    place.connection.execute("insert into intermediate.int_leads_affected values ('a')")
    assert ask(place, **part) is None


def test_tables_of_an_earlier_version_are_taken_over(place: Place) -> None:
    place.connection.execute("create schema ops")
    place.connection.execute(
        "create table ops.refreshes (refresh_number bigint, as_of timestamp, code_fingerprint"
        " varchar, policy_fingerprint varchar, complete_number bigint, complete_as_of timestamp,"
        " is_full boolean, reason varchar, is_complete boolean)"
    )
    place.connection.execute(
        "insert into ops.refreshes by name select 4 as refresh_number, timestamp '2026-06-01' as"
        " as_of, 'old' as code_fingerprint, true as is_full, true as is_complete"
    )
    place.connection.execute("create table ops.landings as select 1 as n")
    prepare(place)
    assert place.value("select count(*) from duckdb_tables() where table_name = 'landings'") == 0
    place.connection.execute(BUILD)
    number, answer = begin(place, REQUEST)
    told = "a model, a macro, a variable or the engine has changed"
    assert (number, answer) == (5, Everything(told))
