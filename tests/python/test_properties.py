"""The built project equals the reference on random nasty data; laws of the scoring itself.

One example costs one `dbt build`, so a plain run tries three fixed ones. Before a release:

    PROPERTY_EXAMPLES=50 PROPERTY_FIRST_SEED=1000 .venv/bin/pytest tests/python/test_properties.py

A failure prints the differences and leaves raw files and seeds in pytest's temporary directory.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import reference
from harness import BuildError, build_case, differences, read_built
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nasty_data import SEED_COLUMNS, Generator, TextTables, write_tables

FIRST_SEED = int(os.environ.get("PROPERTY_FIRST_SEED", "1"))
# By default one whose policy lets many leads through every stage, in several episodes.
SEEDS = (
    range(FIRST_SEED, FIRST_SEED + int(os.environ["PROPERTY_EXAMPLES"]))
    if "PROPERTY_EXAMPLES" in os.environ
    else (63,)
)
SHOWN = 40  # differences printed for a failed example


@dataclass(frozen=True)
class Example:
    """Raw files and seeds of one example, its 'now', and what the reference makes of them."""

    raw: Path
    seeds: Path
    as_of: str
    expected: reference.Tables


def write_example(directory: Path, seed: int, more: TextTables | None = None) -> Example:
    """Write the example of a seed, and more rows, into a new directory."""
    generator = Generator(seed)
    seeds = write_tables(directory / "seeds", generator.seeds(), SEED_COLUMNS)
    tables = generator.raw()
    for table, rows in (more or {}).items():
        tables[table] += rows
    raw = write_tables(directory / "raw", tables, {})
    expected = reference.compute(
        reference.read_directory(raw), reference.read_directory(seeds), generator.as_of
    )
    return Example(raw, seeds, str(generator.as_of), expected)


def invariants(database: Path) -> list[str]:
    """What holds whatever the data: rows are accounted for, points add up, counts agree."""
    wrong = []
    states = ["staged", "superseded", "quarantined", "deleted"]
    names = ["table_name", "row_count", *states]
    for row in read_built(database, "marts.fct_row_accounting", names):
        if row["row_count"] != sum(row[state] for state in states):
            wrong.append(f"rows of {row['table_name']} are not accounted for")
    sums: Counter = Counter()
    ledger = ["lead_id", "score_kind", "capped_points"]
    for row in read_built(database, "marts.fct_score_ledger", ledger):
        sums[row["lead_id"], row["score_kind"]] += row["capped_points"]
    scores = ["lead_id", "fit_score", "engagement_score"]
    for row in read_built(database, "marts.fct_lead_scores", scores):
        for kind in ("fit", "engagement"):
            if abs(sums[row["lead_id"], kind] - row[f"{kind}_score"]) > 1e-6:
                wrong.append(f"the ledger of {row['lead_id']} does not add up to its {kind} score")
    return wrong


@pytest.mark.parametrize("seed", SEEDS)
def test_project_agrees_with_the_reference(seed: int, tmp_path: Path) -> None:
    example = write_example(tmp_path, seed)
    try:
        database = build_case(tmp_path, example.raw, example.seeds, example.as_of)
    except BuildError as error:
        pytest.fail(f"seed {seed} does not build ({tmp_path}):\n{error}", pytrace=False)
    found = invariants(database) + differences(example.expected, database)
    shown = "\n".join(found[:SHOWN])
    assert not found, f"seed {seed}, {len(found)} differences, files in {tmp_path}\n{shown}"


# Laws of the scoring, on the reference alone: a wrong reference would prove a wrong model right.

MOMENT = datetime(2024, 3, 1)
POINTS = st.floats(-100, 100, allow_nan=False)
HALF_LIVES = st.one_of(st.none(), st.floats(7, 3650))
AGES = st.lists(st.floats(0, 4000), max_size=8)


def test_no_property_has_a_deadline() -> None:
    assert settings.default.deadline is None
    assert HealthCheck.too_slow in settings.default.suppress_health_check


def _events(points: float, half_life: float | None, ages: list[float], cap: float | None = None):
    rule = reference.Rule("r", "g", points, half_life=half_life, cap=cap)
    return [reference.Event(MOMENT - timedelta(days=age), rule) for age in ages]


@given(points=POINTS, half_life=HALF_LIVES, ages=AGES, more=AGES)
def test_decayed_points_add_up(points, half_life, ages, more) -> None:
    whole = reference.decayed(_events(points, half_life, ages + more), MOMENT)
    parts = [reference.decayed(_events(points, half_life, part), MOMENT) for part in (ages, more)]
    assert whole == pytest.approx(sum(parts), abs=1e-9)


@given(points=POINTS, half_life=st.integers(7, 3650), ages=AGES)
def test_points_halve_with_each_half_life(points, half_life, ages) -> None:
    events = _events(points, float(half_life), ages)
    later = reference.decayed(events, MOMENT + timedelta(days=half_life))
    assert later == pytest.approx(reference.decayed(events, MOMENT) / 2, abs=1e-9)


@given(points=POINTS, half_life=HALF_LIVES, ages=AGES, cap=st.none() | st.floats(0, 50))
def test_engagement_is_the_sum_of_its_ledger_and_between_0_and_100(points, half_life, ages, cap):
    bounds = {("engagement", "g"): (-20.0, 60.0)}
    score = reference.engagement_of(_events(points, half_life, ages, cap), MOMENT, bounds)
    assert 0 <= score.value <= 60
    assert sum(row["capped_points"] for row in score.ledger) == pytest.approx(score.value, abs=1e-6)


@given(points=st.lists(st.tuples(st.sampled_from("abc"), POINTS), max_size=9))
def test_groups_are_clamped_before_the_total(points) -> None:
    rows = [
        reference._ledger_row("fit", group, str(number), 1, value, value, value)
        for number, (group, value) in enumerate(points)
    ]
    bounds = {("fit", "a"): (0.0, 10.0), ("fit", "b"): (-5.0, None)}
    sums = {group: sum(v for g, v in points if g == group) for group in "abc"}
    total = min(10, max(0, sums["a"])) + max(-5, sums["b"]) + sums["c"]
    score = reference.add_up("fit", rows, bounds)
    assert score.value == pytest.approx(min(100, max(0, total)), abs=1e-6)


@settings(max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_reference_keeps_the_invariants(seed: int) -> None:
    generator = Generator(seed)
    tables = reference.compute(generator.raw(worlds=1), generator.seeds(), generator.as_of)
    for row in tables["fct_row_accounting"]:
        states = ("staged", "superseded", "quarantined", "deleted")
        assert row["row_count"] == sum(row[state] for state in states)
    for report in ("rpt_lead_funnel", "rpt_source_costs"):
        for basis in ("cohort", "period"):
            rows = [row for row in tables[report] if row["basis"] == basis]
            assert sum(row["leads"] for row in rows) == len(tables["fct_leads"])
            assert sum(r["revenue"] for r in rows) == sum(r["revenue"] for r in tables["fct_leads"])
    for lead in tables["fct_leads"]:
        reached = [lead[f"has_reached_{stage}"] for stage in reference.STAGES[1:]]
        assert reached == sorted(reached, reverse=True)
        assert 0 <= lead["fit_score"] <= 100 and 0 <= lead["engagement_score"] <= 100
    shares = Counter()
    for row in tables["fct_attribution_credits"]:
        shares[row["milestone"], row["attribution_model"], row["lead_id"]] += row["credit"]
    assert all(abs(share - 1) < 1e-9 for share in shares.values())
