"""What a refresh builds: all that reads what has changed, and nothing else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from qualified_leads.refresh.dbt_scope import Plan, Scope, scope_of


def node(
    name: str,
    *parents: str,
    kind: str = "model",
    macros: tuple[str, ...] = (),
    code: str = "",
    **meta: Any,
) -> Any:
    depends_on = SimpleNamespace(nodes=list(parents), macros=list(macros))
    config = SimpleNamespace(meta=meta)
    return SimpleNamespace(
        name=name, resource_type=kind, depends_on=depends_on, config=config, raw_code=code
    )


def macro(*called: str) -> Any:
    return SimpleNamespace(depends_on=SimpleNamespace(macros=list(called)))


AGE, AS_OF = "macro.qualified_leads.age", "macro.qualified_leads.as_of"
TOUCHED = "macro.qualified_leads.is_touched"
MACROS = {AGE: macro(AS_OF), AS_OF: macro(), TOUCHED: macro()}


@pytest.fixture
def manifest() -> Any:
    """rules -> points; leads -> merged -> points, ages; spend -> costs; a test on some, one on two.

    Nodes stand in an order in which they can't be built.
    """
    nodes = [
        node("costs", "spend"),
        node("ages", "merged", macros=(AGE,)),
        node("points", "merged", "rules"),
        node("merged", "leads", macros=(AGE,), moves_with_as_of=False),
        node("leads", "source"),
        node("spend", "source"),
        node("rules", kind="seed"),
        node("rules_are_given", "rules", kind="test"),
        node("points_are_given", "points", kind="test"),
        node("costs_and_points", "points", "costs", kind="test"),
        node("costs_are_given", "costs", kind="test"),
        node("an_example", "points", kind="unit_test"),
    ]
    return SimpleNamespace(nodes={n.name: n for n in nodes}, macros=MACROS)


def scope(manifest: Any, *changed: str, is_later: bool = False) -> Scope:
    return scope_of(manifest, Plan(8, True, is_later, changed))


def test_nothing_is_built_where_nothing_has_changed(manifest: Any) -> None:
    models = ["ages", "costs", "leads", "merged", "points", "spend"]
    assert scope(manifest) == Scope([], models)


def test_what_reads_a_change_is_built_with_every_test_that_reads_it(manifest: Any) -> None:
    found = scope(manifest, "spend")
    assert found.nodes == ["costs", "spend", "costs_and_points", "costs_are_given"]
    assert found.unchanged_models == ["ages", "leads", "merged", "points"]


def test_a_change_reaches_all_that_comes_after_it(manifest: Any) -> None:
    found = scope(manifest, "leads")
    models = ["ages", "leads", "merged", "points"]
    assert found.nodes == [*models, "costs_and_points", "points_are_given"]
    assert found.unchanged_models == ["costs", "spend"]


def test_all_is_built_and_tested_that_does_not_build_upon_the_last_one(manifest: Any) -> None:
    found = scope_of(manifest, Plan(8, False, False, ()))
    models = ["ages", "costs", "leads", "merged", "points", "spend"]
    assert found == Scope([*models, "costs_and_points", "costs_are_given", "points_are_given"], [])


def test_a_later_as_of_changes_what_asks_for_it_unless_it_waits_for_rows(manifest: Any) -> None:
    """`ages` asks through a macro; `merged` says that the plan looks for what became due."""
    found = scope(manifest, is_later=True)
    assert found.nodes == ["ages"]
    assert "merged" in found.unchanged_models
    assert "merged" in scope(manifest, "merged", is_later=True).nodes


def test_a_macro_in_a_loop_that_dbt_did_not_enter_counts() -> None:
    code = "{% for slot in score_slots() %} {{ age(slot) }} {% endfor %} sum(points)"
    nodes = [node("scores", code=code), node("sums", code="{{ aged() }} as age")]
    manifest = SimpleNamespace(nodes={n.name: n for n in nodes}, macros=MACROS)
    assert scope(manifest, is_later=True).nodes == ["scores"]


def test_what_the_last_refresh_touched_is_asked_again() -> None:
    """`domains_touched` would still name what the last refresh touched; `kept` names no refresh."""
    nodes = [
        node("companies", "source"),
        node("activities", "source"),
        node("kept", "companies"),
        node("rates_touched", "source", macros=(TOUCHED,)),
        node("domains_touched", "companies", "rates_touched", macros=(TOUCHED,)),
        node("leads_touched", "activities", "domains_touched", macros=(TOUCHED,)),
        node("scores", "leads_touched", "kept", "prices"),
        node("aged", "leads_touched", macros=(AS_OF,)),
        node("prices", "source"),
        node("costs", "source"),
    ]
    manifest = SimpleNamespace(nodes={n.name: n for n in nodes}, macros=MACROS)
    touched = ["domains_touched", "leads_touched", "rates_touched"]
    found = scope(manifest, "activities")
    assert found.nodes == ["activities", "aged", *touched, "scores"]
    # Leads are asked for wherever a change of rows reads them, but not by time alone.
    assert scope(manifest, "prices").nodes == sorted(["aged", *touched, "prices", "scores"])
    assert scope(manifest, "costs").nodes == ["costs"]
    assert scope(manifest, "costs", is_later=True).nodes == ["aged", "costs"]
