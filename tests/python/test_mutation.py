"""Small wrongs in the models are found: each mutation makes the project differ from the reference.

What the example has no case of, a unit test of the model has. A plain run tries the first few,
`MUTATIONS=all` before a release all of them.

A mutation names the text that it changes; where a model no longer has it, the test fails and says
so, and the mutation is to be brought up to date.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import reference
from harness import (
    PROJECT,
    BuildError,
    as_of_option,
    differences,
    prepare_case,
    run_dbt,
)
from test_properties import write_example

TRIED = None if os.environ.get("MUTATIONS") == "all" else 2
SEED = 63  # its policy lets leads through every stage, in several episodes
# Two webinars of 5 points, which do not fade, meet the threshold of that policy to the point.
EXACT = {
    "leads": [{"lead_id": "exact", "created_at": "2024-01-10", "_loaded_at": "2024-03-02"}],
    "activities": [
        {
            "activity_id": f"exact{day}",
            "lead_id": "exact",
            "activity_type": "webinar",
            "occurred_at": f"2024-01-{day} 12:00:00",
            "_loaded_at": "2024-03-02",
        }
        for day in (10, 12)
    ],
}


@dataclass(frozen=True)
class Mutation:
    """Text of a model (blanks stand for any blanks) and what it is changed into."""

    name: str
    old: str
    new: str

    def pattern(self) -> re.Pattern[str]:
        """The old text, however it is laid out."""
        return re.compile(r"\s+".join(map(re.escape, self.old.split())))


MUTATIONS = (
    Mutation(
        "a cap is dropped",
        '{{ clamp("decayed_points", "-max_points", "max_points") }} as capped_points',
        "decayed_points as capped_points",
    ),
    Mutation(
        "a threshold is strict",
        "0e0) >= periods.engagement_threshold",
        "0e0) > periods.engagement_threshold",
    ),
    Mutation(
        "a hurdle is strict",
        "fit_scores.fit_score >= policies.fit_hurdle",
        "fit_scores.fit_score > policies.fit_hurdle",
    ),
    Mutation(
        "a hand-raise does not count",
        "or candidates.has_hand_raise )",
        ")",
    ),
    Mutation(
        "a purchased grant counts",
        "where status = 'withdrawn' or coalesce(basis, '') <> 'purchased'",
        "",
    ),
    Mutation(
        "an acceptance at the MQL's moment is missed",
        "mqls.mql_at <= dispositions.occurred_at",
        "mqls.mql_at < dispositions.occurred_at",
    ),
    Mutation(
        "an opportunity no longer keeps its episode from an MQL",
        "<= coalesce(opportunities.opportunity_at, {{ end_of_time() }})",
        "<= {{ end_of_time() }}",
    ),
    Mutation(
        "the later group survives",
        "order by min(rooted.created_at), rooted.root_lead_id",
        "order by min(rooted.created_at) desc, rooted.root_lead_id",
    ),
    Mutation(
        "a total is not clamped",
        '{{ clamp("sum(clamped_points)", 0, 100) }} as clamped_points',
        "sum(clamped_points) as clamped_points",
    ),
    Mutation(
        "a deleted opportunity counts",
        "when is_deleted then 'deleted' when created_at >",
        "when created_at >",
    ),
    Mutation(
        "a placeholder joins",
        "and boxes.mailbox is null",
        "",
    ),
    Mutation(
        "a domain has several spellings",
        '{{ ascii_domain("sightings.host") }} as ascii_host',
        "sightings.host as ascii_host",
    ),
    Mutation(
        "an older version of a held back opportunity has an amount, too",
        "case when is_current then amount end as amount",
        "amount",
    ),
    Mutation(
        "the rate of a day begins on the next one",
        "spend.spend_date >= rates.valid_from and spend.spend_date < rates.valid_to",
        "spend.spend_date > rates.valid_from and spend.spend_date <= rates.valid_to",
    ),
    Mutation(
        "a touch at the milestone is missed",
        "and reached.reached_at >= touches.touched_at",
        "and reached.reached_at > touches.touched_at",
    ),
    Mutation(
        "touches of one moment stand in any order",
        "(partition by lead_id order by touched_at, activity_id)",
        "(partition by lead_id order by touched_at, activity_id desc)",
    ),
    Mutation(
        "the touch at the creation is none",
        "when touches.touched_at <= reached.created_at",
        "when touches.touched_at < reached.created_at",
    ),
    Mutation(
        "a path goes on after its window",
        "coalesce(next_touched_at, {{ end_of_time() }}) > {{ ends_at }} as is_last",
        "next_touched_at is null as is_last",
    ),
    Mutation(
        "paths without the milestone convert",
        "when counted.is_reached then '(conversion)'",
        "when true then '(conversion)'",
    ),
    Mutation(
        "a touch has the source of its campaign alone",
        "'source ' || lower(activities.lead_source),",
        "",
    ),
    Mutation(
        "a medium is read without its source",
        "or rules.source_category = parts.source_category",
        "or true",
    ),
    Mutation(
        "a path visits a source once",
        "reached.visits / own.visits",
        "reached.visits",
    ),
    Mutation(
        "an anchor keeps its share and takes one of the others",
        "other_share / nullif(other_count, 0) / total_share",
        "other_share / touch_count / total_share",
    ),
    Mutation(
        "the whole of a path is scaled by a touch",
        "weight / sum(weight) over ( partition by milestone, attribution_model, lead_id"
        " order by touch_number rows between unbounded preceding and unbounded following )",
        "weight",
    ),
    Mutation(
        "revenue of the period is the whole of the lead's",
        "credits.credit * cast(opportunities.won_amount as double)",
        "cast(opportunities.won_amount as double)",
    ),
)


@dataclass(frozen=True)
class Built:
    """A built copy of the project, its untouched database and what the reference expects."""

    project: Path
    as_of: list[str]
    database: Path
    untouched: Path
    expected: reference.Tables
    known_differences: list[str]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build_example(tmp_path_factory.mktemp("mutation"))


def build_example(tmp: Path) -> Built:
    """Build the reference's example in a copy of the project."""
    written = write_example(tmp, SEED, EXACT)
    project = prepare_case(tmp, written.raw, written.seeds)
    no_tests = ("--exclude-resource-type", "test", "unit_test")
    as_of = as_of_option(written.as_of)
    run_dbt(project, "build", *as_of, *no_tests)
    database = project / "warehouse" / "work.duckdb"
    untouched = Path(shutil.copy(database, tmp / "untouched.duckdb"))
    known = differences(written.expected, database)
    return Built(project, as_of, database, untouched, written.expected, known)


def models_with(mutation: Mutation) -> list[Path]:
    """Models of the project, relative to it, that have the text of a mutation."""
    paths = sorted((PROJECT / "models").rglob("*.sql"))
    found = [path for path in paths if mutation.pattern().search(path.read_text(encoding="utf-8"))]
    return [path.relative_to(PROJECT) for path in found]


@pytest.mark.parametrize("mutation", MUTATIONS[:TRIED], ids=lambda mutation: mutation.name)
def test_mutation_is_found(mutation: Mutation, example: Built) -> None:
    found = models_with(mutation)
    assert len(found) == 1, f"the text of this mutation is in {len(found)} models: {mutation.old}"
    model = example.project / found[0]
    original = model.read_text(encoding="utf-8")
    shutil.copy(example.untouched, example.database)
    model.write_text(mutation.pattern().sub(lambda _: mutation.new, original), encoding="utf-8")
    try:
        run_dbt(example.project, "run", "--select", f"{model.stem}+", *example.as_of)
        found_differences = differences(example.expected, example.database)
        is_found = found_differences != example.known_differences
        if not is_found:
            run_dbt(example.project, "test", "--select", f"{model.stem},test_type:unit")
    except BuildError:
        is_found = True  # a contract, a key or a unit test refused it
    finally:
        model.write_text(original, encoding="utf-8")
    assert is_found, "the project agrees with the reference and its unit tests as it did before"


def test_unchanged_project_agrees(example: Built) -> None:
    assert example.known_differences == []
