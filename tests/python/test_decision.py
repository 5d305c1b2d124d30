"""What a refresh builds: each reason to build all, and what is enough where there is none."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from qualified_leads.refresh.decision import (
    Again,
    Answer,
    Changed,
    Everything,
    Nothing,
    Now,
    Refresh,
    decide,
    reason_for_a_part,
    refusal,
    selection,
)

AS_OF = datetime(2026, 7, 1)
HOUR = timedelta(hours=1)
LAST = Refresh(7, AS_OF, "code", "policy", "tests", is_complete=True, is_tested=True)
NOW = Now(AS_OF + HOUR, "code", "policy", "tests")
FAILED = replace(LAST, number=8, is_complete=False, is_tested=False)


def answer(*since: Refresh, last: Refresh | None = LAST, **now: Any) -> Answer:
    return decide(last, since, replace(NOW, **now))


@pytest.mark.parametrize(
    ("since", "now", "reason"),
    [
        ([replace(FAILED, is_full=True)], {}, "the last one was not completed"),
        ([], {"missing": ("fct_mqls",)}, "a table is missing"),
        ([], {"code_hash": "other"}, "a model, a macro, a variable or the engine has changed"),
        # The code is what it was, but a run with another one left its rows.
        (
            [replace(FAILED, code_hash="other")],
            {},
            "a model, a macro, a variable or the engine has changed",
        ),
        ([], {"policy_hash": "other"}, "the policy has changed"),
        ([replace(FAILED, policy_hash="other")], {}, "the policy has changed"),
        ([], {"as_of": AS_OF - HOUR}, "as_of lies before that of an earlier run"),
        (
            [replace(FAILED, as_of=AS_OF + 2 * HOUR)],
            {},
            "as_of lies before that of an earlier run",
        ),
        ([replace(FAILED, as_of=AS_OF - HOUR)], {}, "as_of lies before that of an earlier run"),
        ([], {"has_policy_boundary": True}, "a part of the policy takes effect or ends"),
        (
            [],
            {"is_continued": False, "landed": ("spend",)},
            "raw rows vanished, changed or landed out of order",
        ),
    ],
)
def test_reasons_to_build_everything(since: list[Refresh], now: dict, reason: str) -> None:
    assert answer(*since, **now) == Everything(reason)


def test_everything_is_built_where_it_was_asked_for_or_there_is_nothing_to_build_upon() -> None:
    assert decide(LAST, [], NOW, is_asked_for=True) == Everything("it was asked for")
    assert answer(last=None) == Everything("none has been completed yet")
    assert answer(FAILED, last=None) == Everything("none has been completed yet")


def test_the_first_reason_is_told() -> None:
    found = answer(missing=("fct_mqls",), code_hash="other", is_continued=False)
    assert found == Everything("a table is missing")


def test_a_part_has_two_reasons_only() -> None:
    assert reason_for_a_part(None, False) == "none has been completed yet"
    assert reason_for_a_part(LAST, True) == "it was asked for"
    assert reason_for_a_part(LAST, False) is None


def test_all_is_built_again_upon_what_it_holds() -> None:
    """After a run that failed, or of a part; where tests were left out or are new."""
    assert answer(FAILED) == Again("the last run was not completed")
    told = Again("a test is new, has changed or was left out")
    assert answer(last=replace(LAST, is_tested=False)) == told
    assert answer(last=replace(LAST, tests_hash=None)) == told
    assert answer(tests_hash="other", landed=("spend",)) == told


def test_all_is_tested_where_that_was_asked_for() -> None:
    assert decide(LAST, [], NOW, tests_all=True) == Again("all tests were asked for")
    assert decide(None, [], NOW, tests_all=True) == Everything("none has been completed yet")


def test_nothing_is_built_where_no_row_and_no_hour_has_come() -> None:
    assert answer(as_of=AS_OF) == Nothing()
    assert answer(as_of=AS_OF, effective=("spend",), has_delta=True) == Nothing()


def test_what_has_changed_is_built() -> None:
    found = answer(as_of=AS_OF, landed=("spend", "activities"))
    assert found == Changed(("activities", "spend"), is_later=False, has_delta=False)
    found = answer(landed=("spend",), effective=("leads", "spend"), has_delta=True)
    assert found == Changed(("leads", "spend"), is_later=True, has_delta=True)
    assert answer() == Changed((), is_later=True, has_delta=False)


def test_a_change_as_dbt_selects_it() -> None:
    tables = ["source:raw.leads+", "source:raw.spend+"]
    assert selection(Changed(("leads", "spend"), False, False)) == tables
    assert selection(Changed(("leads", "spend"), True, True)) == [
        *tables,
        "config.schema:delta+",
        "tag:clock+",
    ]
    # Time alone changes none of the tables of changes.
    assert selection(Changed((), True, True)) == ["tag:clock+"]


def test_a_table_of_all_leads_is_not_rebuilt_from_some() -> None:
    assert refusal([], 5) is None
    assert refusal(["fct_mqls"], 0) is None
    told = refusal(["fct_mqls", "fct_sqls"], 5)
    assert told is not None and told.startswith("fct_mqls, fct_sqls cannot be rebuilt from")
