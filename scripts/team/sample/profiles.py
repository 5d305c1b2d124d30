"""What sample leads tell over time: consents, form answers, experiments and intent signals."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from team.sample import sources
from team.sample.calendar import DAY, Calendar, fading
from team.sample.market import Columns, Companies, notations
from team.sample.people import EXPERIMENTS, People, event_rows, few
from team.sample.text import IntArray, blank, choose, ids, pick

ATTRIBUTES = ("pain_level", "budget_range", "purchase_timeline", "team_size", "use_case",
              "current_solution", "goal")  # fmt: skip
ATTRIBUTE_SHARE = (0.34, 0.24, 0.28, 0.3, 0.4, 0.26, 0.2)
PAINS = ("low", "medium", "high")
BUDGETS = ("none", "under_10k", "10k_50k", "over_50k")
TIMELINES = ("exploring", "this_year", "this_quarter", "now")
USE_CASES = ("lead scoring", "reporting", "attribution", "data quality", "forecasting")
SOLUTIONS = ("spreadsheets", "in-house tool", "legacy crm", "none", "another vendor")
GOALS = ("more pipeline", "lower cost per lead", "faster follow-up", "one source of truth")


def consent_rows(rng: np.random.Generator, people: People, calendar: Calendar) -> Columns:
    """Return consent events: granted at creation, withdrawn by some, granted again by few."""
    bases = ("form", "import", "purchased", "event")
    name = np.array([s.name for s in sources.SOURCES])[people.source]
    draw = rng.random(len(people))
    basis = np.where(draw < 0.08, 1, 0)
    basis = np.where((name == "event") & (draw < 0.8), 3, basis)
    basis = np.where((name == "content_syndication") & (draw < 0.7), 2, basis)
    basis = np.where(rng.random(len(people)) < 0.02, -1, basis)
    granted = np.flatnonzero(rng.random(len(people)) < 0.88)
    withdrawn = np.flatnonzero(people.withdrawn >= 0)
    back = withdrawn[rng.random(len(withdrawn)) < 0.12]
    row = np.concatenate([granted, withdrawn, back])
    kind = np.repeat([0, 1, 2], [len(granted), len(withdrawn), len(back)])
    again = fading(rng, people.withdrawn[row].clip(0) + DAY, calendar.end - 600, 40)
    at = np.select([kind == 0, kind == 1], [people.created[row], people.withdrawn[row]], again)
    status = np.where(kind == 1, 1, 0)
    status = status + np.where(rng.random(len(row)) < 0.02, 2, 0)
    status = np.where(few(rng, len(row), 0.001), 4, status)
    names = ("granted", "withdrawn", "Granted", " WITHDRAWN", "pending")
    columns = {
        "status": pick(names, status),
        "basis": pick(bases, np.where(kind == 0, basis[row], np.where(kind == 1, -1, 0))),
    }
    return event_rows(rng, calendar, people.number[row], at, columns, "occurred_at")


def attribute_rows(
    rng: np.random.Generator, people: People, companies: Companies, calendar: Calendar
) -> Columns:
    """Return answers to forms and surveys; need, budget and urgency follow fit and drive."""
    count = len(people)
    urge = 0.45 * people.drive + 0.35 * people.fit + rng.normal(0, 0.8, count)
    team = (companies.employees[people.company] * rng.uniform(0.01, 0.12, count)).astype(np.int64)
    values = (
        pick(PAINS, np.searchsorted([-0.5, 0.6], urge)),
        pick(BUDGETS, np.searchsorted([-0.7, 0.2, 1.0], urge + rng.normal(0, 0.4, count))),
        pick(TIMELINES, np.searchsorted([-0.2, 0.7, 1.4], urge + rng.normal(0, 0.4, count))),
        choose(rng.random(count) < 0.05, "10-20", pc.cast(pa.array(team + 1), pa.string())),
        pick(USE_CASES, rng.integers(0, len(USE_CASES), count)),
        pick(SOLUTIONS, rng.integers(0, len(SOLUTIONS), count)),
        pick(GOALS, rng.integers(0, len(GOALS), count)),
    )
    willing = np.clip(0.55 + 0.3 * people.drive, 0.08, 1.6)
    rows, names, texts, times = [], [], [], []
    for number, share in enumerate(ATTRIBUTE_SHARE):
        asked = np.flatnonzero(rng.random(count) < share * willing)
        first = np.where(
            rng.random(len(asked)) < 0.5,
            people.created[asked],
            fading(rng, people.created[asked], calendar.end - 600, 40),
        )
        second = rng.random(len(asked)) < 0.12
        other = np.roll(asked, 1)[second]
        rows += [asked, asked[second]]
        names.append(np.full(len(asked) + int(second.sum()), number))
        texts += [values[number].take(pa.array(asked)), values[number].take(pa.array(other))]
        times += [first, fading(rng, first[second], calendar.end - 600, 60)]
    row, name, at = np.concatenate(rows), np.concatenate(names), np.concatenate(times)
    spelled = name + len(ATTRIBUTES) * (rng.random(len(row)) < 0.02)
    columns = {
        "attribute_name": pick([*ATTRIBUTES, *(text.title() for text in ATTRIBUTES)], spelled),
        "attribute_value": blank(pa.concat_arrays(texts), rng.random(len(row)) < 0.01),
        "form_id": pick([f"form_{n}" for n in range(1, 7)], rng.integers(-1, 6, len(row))),
    }
    return event_rows(rng, calendar, people.number[row], at, columns, "captured_at")


def assignment_rows(rng: np.random.Generator, people: People, calendar: Calendar) -> Columns:
    """Return who takes part in which experiment, assigned within a day of creation."""
    experiment, row = np.nonzero(people.variant >= 0)
    arm = people.variant[experiment, row]
    at = np.minimum(people.created[row] + rng.integers(0, DAY, len(row)), calendar.end - 600)
    arms = [name for _, names in EXPERIMENTS for name in names]
    offset = np.array([0, len(EXPERIMENTS[0][1])])
    columns = {
        "experiment_id": pick([name for name, _ in EXPERIMENTS], experiment),
        "variant": pick(arms, offset[experiment] + arm),
    }
    return event_rows(rng, calendar, people.number[row], at, columns, "assigned_at")


def intent_rows(
    rng: np.random.Generator,
    people: People,
    companies: Companies,
    calendar: Calendar,
    hot_at: IntArray,
    first_id: int,
) -> Columns:
    """Return third-party signals: around the hot time where there is one, else at random."""
    count = len(people)
    hot = hot_at >= 0
    row = np.repeat(np.arange(count), rng.poisson(np.where(hot, 1.4, 0.3)))
    near = hot_at[row] - rng.integers(0, 14 * DAY, len(row))
    at = np.where(hot[row], near, fading(rng, people.created[row], calendar.end - 600, 120))
    draw = rng.random(len(row)) + 0.25 * hot[row]
    kind = (draw > 0.72).astype(np.int64) + (draw > 0.95)
    by_lead = rng.random(len(row)) < 0.35
    neither = few(rng, len(row), 0.002)
    domain = notations(rng, companies.domain.take(pa.array(people.company[row])), 0.1)
    columns = {
        "signal_id": ids("I", first_id + np.arange(len(row)), 9),
        "domain": blank(domain, neither | (by_lead & (rng.random(len(row)) < 0.6))),
        "topic": pick(USE_CASES, rng.integers(-1, len(USE_CASES), len(row))),
        "signal_type": pick(("research", "comparison", "pricing"), kind),
        "strength": pa.array(np.round(rng.uniform(0.2, 1.0, len(row)), 2),
                             mask=rng.random(len(row)) < 0.1),
        "names_lead": pa.array(by_lead & ~neither),
    }  # fmt: skip
    rows = event_rows(rng, calendar, people.number[row], at, columns, "occurred_at")
    named = np.asarray(rows.pop("names_lead"))
    return {**rows, "lead_id": blank(rows["lead_id"], ~named)}
