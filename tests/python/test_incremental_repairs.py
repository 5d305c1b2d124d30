"""Refreshes after what an incremental one must not build upon: leads that nothing landed on, runs
that failed or saw another moment, tables and macros that are not what they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import BuildError
from refreshing import Warehouse, query
from test_incremental import SHOWN, new_warehouse
from test_incremental_traps import activity, changed_lead, count, deal, lead, policy, score

pytestmark = pytest.mark.long

AS_OF = "2024-03-05 00:00:00"
LATER = "2024-03-06 00:00:00"
EVEN_LATER = "2024-02-26 00:00:00"  # updated_at of a version after a changed one


def assert_equals_a_full_build(warehouse: Warehouse, as_of: str) -> None:
    found = warehouse.compared(as_of)
    assert not found, "\n".join(found[:SHOWN])


def ask(warehouse: Warehouse, expression: str) -> object:
    return query(warehouse.database, f"select {expression}")[0][0]


def test_leads_that_nothing_landed_on_and_a_move_taken_back(tmp_path: Path) -> None:
    """A circle around "inner", an opportunity of "first" too, and "moved", which comes back."""
    warehouse = new_warehouse(tmp_path, policy())
    names = ("outer", "old", "new", "first", "second")
    versions = [
        deal("shared", "first", status="open", updated_at="2024-02-01"),
        deal("shared", "second", status="won", currency="CHF", updated_at="2024-02-10"),
    ]
    warehouse.land(
        {
            "leads": [
                *map(lead, names),
                lead("inner", merged_into_lead_id="outer"),
                lead("moved", merged_into_lead_id="old"),
            ],
            "activities": [activity("i", "inner"), activity("m", "moved")],
            "opportunities": versions,
        }
    )
    warehouse.refresh(AS_OF)
    lost = count("fct_quarantined_rows", "reason", "unknown_lead")
    unrated = count("fct_quarantined_rows", "reason", "missing_rate")
    assert (ask(warehouse, lost), ask(warehouse, unrated)) == (0, 2)
    assert ask(warehouse, score("engagement", "old")) > 0

    warehouse.land({"leads": [changed_lead("moved", merged_into_lead_id="new")]})
    with warehouse.broken("rpt_lead_funnel"), pytest.raises(BuildError):
        warehouse.refresh(AS_OF)
    assert ask(warehouse, score("engagement", "new")) > 0
    back = changed_lead("moved", merged_into_lead_id="old") | {"updated_at": EVEN_LATER}
    circle = changed_lead("outer", merged_into_lead_id="inner")
    warehouse.land({"leads": [back, circle], "activities": [activity("f", "first")]})
    warehouse.refresh(AS_OF)
    assert ask(warehouse, score("engagement", "new")) == 0
    assert (ask(warehouse, lost), ask(warehouse, unrated)) == (1, 2)
    assert_equals_a_full_build(warehouse, AS_OF)


def test_other_moments_tables_and_macros(tmp_path: Path) -> None:
    """A part was run as of an earlier moment; a table went; a macro says something else."""
    warehouse = new_warehouse(tmp_path, policy())
    warehouse.land({"leads": [lead("one")]})
    warehouse.refresh(AS_OF)
    warehouse.land({"activities": [activity("a", "one", "2024-02-20")]})
    warehouse.refresh("2024-02-10 00:00:00", "run", "--select", "stg_raw__activities")
    warehouse.refresh(LATER)
    points = ask(warehouse, score("engagement", "one"))
    assert points > 0
    with warehouse.connected() as connection:
        connection.execute("drop table marts.fct_stage_entries")
    warehouse.refresh(LATER)
    assert ask(warehouse, count("fct_stage_entries", "stage", "lead")) == 1
    warehouse.replace_in("macros/clamp.sql", "greatest(least(", "2 * greatest(least(")
    warehouse.refresh(LATER)
    assert ask(warehouse, score("engagement", "one")) > points
    assert_equals_a_full_build(warehouse, LATER)


def test_a_retry_after_a_repair_and_what_is_built_upon_it(tmp_path: Path) -> None:
    """`dbt retry` builds what a broken model, then a broken seed had kept from being built."""
    warehouse = new_warehouse(tmp_path, policy())
    warehouse.land({"leads": [lead("one"), lead("two", company_domain="a.example")]})
    with warehouse.broken("int_lead_statuses"), pytest.raises(BuildError):
        warehouse.refresh(AS_OF, "build", "--threads", "2")
    warehouse.refresh(AS_OF, "retry")
    assert ask(warehouse, "count(*) from marts.fct_leads") == 2

    warehouse.land({"leads": [lead("three")], "activities": [activity("a", "one")]})
    seed = warehouse.project / "seeds" / "activity_rules.csv"
    sound = seed.read_text()
    warehouse.replace_in("seeds/activity_rules.csv", sound, sound + "one,more\n")
    with pytest.raises(BuildError, match="activity_rules"):
        warehouse.refresh(AS_OF, "build", "--threads", "2")
    warehouse.replace_in("seeds/activity_rules.csv", sound + "one,more\n", sound)
    warehouse.refresh(AS_OF, "retry")
    assert ask(warehouse, "count(*) from marts.fct_leads") == 3
    warehouse.refresh(AS_OF)
    assert_equals_a_full_build(warehouse, AS_OF)
