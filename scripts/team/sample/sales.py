"""What sales makes of sample leads: hot times, dispositions, contacts, answers, opportunities."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from team.sample import sources
from team.sample.calendar import DAY, Calendar, FloatArray, fading
from team.sample.market import COUNTRIES, CURRENCIES, UNRATED, Columns, Companies
from team.sample.people import OWNERS, People, event_rows, few
from team.sample.text import BoolArray, IntArray, blank, ids, pick, seconds

OUTCOMES = ("accepted", "rejected", "recycled", "disqualified")
REASONS = (
    ("good fit", "asked for an offer"),
    ("no budget", "wrong contact", "bad timing", "duplicate"),
    ("not ready", "nurture", "no response"),
    ("competitor", "student", "not a fit", "spam", "left the company"),
)
CRITERIA = (
    ("BANT", ("budget", "authority", "need", "timeline"), (0.2, 0.5, 0.9, 0.3)),
    ("MEDDPICC", ("metrics", "economic_buyer", "decision_criteria", "decision_process",
                  "paper_process", "identified_pain", "champion", "competition"),
     (0.1, 0.2, 0.5, 0.4, -0.4, 0.9, 0.3, 0.2)),
)  # fmt: skip
EVIDENCE = (
    "said so on the phone",
    "mail of the buyer, forwarded",
    'quoted: "this year"',
    "call notes:\nconfirmed",
)
STAGES = ("discovery", "proposal", "negotiation", "closed_won", "closed_lost")
STATUSES = ("open", "won", "lost", "Won", "stalled")
CONTACT_TYPES = ("call_connected", "meeting_held", "email_reply")


def chance(logit: FloatArray) -> FloatArray:
    """Return the probability of a log-odds value."""
    return 1 / (1 + np.exp(-logit))


@dataclass
class Journey:
    """What happens between sales and a slice of the people; `row` arrays point into the slice.

    `hot` holds (row, time) of the bursts of activity that a hot lead shows; the other lists hold
    one tuple of arrays per round, in the column order named beside them.
    """

    hot_at: IntArray
    trial: BoolArray
    bursts: list[tuple[IntArray, IntArray]] = field(default_factory=list)  # row, at
    raises: list[tuple[IntArray, IntArray, IntArray]] = field(default_factory=list)  # row, at, kind
    decisions: list[tuple[IntArray, IntArray, IntArray]] = field(default_factory=list)
    contacts: list[tuple[IntArray, IntArray, IntArray]] = field(default_factory=list)
    assessed: list[tuple[IntArray, IntArray]] = field(default_factory=list)
    deals: list[tuple[IntArray, IntArray]] = field(default_factory=list)
    quality: FloatArray = field(default_factory=lambda: np.zeros(0))


def make_journey(rng: np.random.Generator, people: People, calendar: Calendar) -> Journey:
    """Return the journeys of a slice of people through marketing's hands into sales'."""
    count = len(people)
    quality = 0.9 * people.fit + 0.4 * people.drive + sources.trait("conversion")[people.source]
    is_hot = rng.random(count) < chance(-1.9 + 1.1 * people.drive + 0.35 * people.fit)
    hot_at = fading(rng, people.created + 3600, calendar.end - DAY, 28)
    is_hot &= hot_at < calendar.end - DAY
    hot_at = np.where(is_hot, hot_at, -1)
    trial = is_hot & (rng.random(count) < 0.25)
    journey = Journey(hot_at, trial, quality=quality)
    hot = np.flatnonzero(is_hot)
    journey.bursts.append((hot, hot_at[hot]))
    _raise_hands(rng, journey, people, hot)
    again, again_at = _round(rng, journey, calendar, hot, hot_at[hot], first=True)
    journey.bursts.append((again, again_at))
    _round(rng, journey, calendar, again, again_at, first=False)
    _sell_alone(rng, journey, people, calendar)
    return journey


def _raise_hands(rng: np.random.Generator, journey: Journey, people: People, hot: IntArray) -> None:
    """Add demo requests, contact requests and trials, also of some leads that are not hot."""
    asks = hot[rng.random(len(hot)) < 0.3]
    kind = np.where(journey.trial[asks], 2, rng.integers(0, 2, len(asks)))
    journey.raises.append((asks, journey.hot_at[asks], kind))
    cold = np.flatnonzero((journey.hot_at < 0) & (rng.random(len(people)) < 0.012))
    at = people.created[cold] + rng.integers(60, 900, len(cold))
    journey.raises.append((cold, at, rng.integers(0, 2, len(cold))))


def _round(
    rng: np.random.Generator,
    journey: Journey,
    calendar: Calendar,
    row: IntArray,
    hot_at: IntArray,
    *,
    first: bool,
) -> tuple[IntArray, IntArray]:
    """Let sales decide on hot leads; return who becomes hot once more, and when.

    Recycled and rejected leads may come back by themselves, disqualified ones by a demo request.
    """
    quality = journey.quality[row]
    hours = np.exp(rng.normal(3.0, 0.9, len(row)))
    at = hot_at + (hours * 3600).astype(np.int64)
    draw = rng.random(len(row))
    accept = chance(0.5 + 0.7 * quality) * 0.9
    outcome = np.where(draw < accept, 0, 1 + rng.choice(3, len(row), p=(0.35, 0.4, 0.25)))
    seen = (at < calendar.end) & (rng.random(len(row)) < 0.88)
    row, at, outcome, quality = row[seen], at[seen], outcome[seen], quality[seen]
    journey.decisions.append((row, at, outcome))
    _work(rng, journey, calendar, row[outcome == 0], at[outcome == 0])
    if not first:
        return row[:0], at[:0]
    returns = ((outcome == 1) | (outcome == 2)) & (rng.random(len(row)) < 0.4)
    reopens = (outcome == 3) & (rng.random(len(row)) < 0.2)
    back = returns | reopens
    wait = (20 * DAY + rng.exponential(45 * DAY, len(row))).astype(np.int64)
    then = at + wait
    back &= then < calendar.end - DAY
    reopened = back & reopens
    journey.raises.append((row[reopened], then[reopened], np.zeros(int(reopened.sum()), np.int64)))
    return row[back], then[back]


def _work(
    rng: np.random.Generator, journey: Journey, calendar: Calendar, row: IntArray, at: IntArray
) -> None:
    """Contact and assess accepted leads, open deals with some and recycle some of the others."""
    quality = journey.quality[row]
    for kind, share in enumerate((0.75, 0.5, 0.45)):
        met = rng.random(len(row)) < share
        delay = rng.integers(2 * 3600, (2 + 4 * kind) * DAY, len(row))
        when = calendar.snap(rng, at + delay)
        met &= (when > at) & (when < calendar.end)
        journey.contacts.append((row[met], when[met], np.full(int(met.sum()), kind)))
    assess = rng.random(len(row)) < 0.8
    start = at + rng.integers(DAY, 6 * DAY, len(row))
    journey.assessed.append((row[assess], start[assess]))
    deal = rng.random(len(row)) < chance(-0.3 + 0.6 * quality)
    opened = at + rng.integers(3 * DAY, 26 * DAY, len(row))
    visible = deal & (opened < calendar.end)
    journey.deals.append((row[visible], opened[visible]))
    sent_back = ~deal & (rng.random(len(row)) < 0.25)
    returned = at + rng.integers(15 * DAY, 60 * DAY, len(row))
    sent_back &= returned < calendar.end
    size = int(sent_back.sum())
    journey.decisions.append((row[sent_back], returned[sent_back], np.full(size, 2)))


def _sell_alone(
    rng: np.random.Generator, journey: Journey, people: People, calendar: Calendar
) -> None:
    """Add the cold calls of sales and the few deals that marketing had no part in."""
    count = len(people)
    called = np.flatnonzero((journey.hot_at < 0) & (rng.random(count) < 0.03))
    when = calendar.snap(rng, fading(rng, people.created[called], calendar.end - DAY, 30))
    kind = rng.integers(0, len(CONTACT_TYPES), len(called))
    journey.contacts.append((called, when, kind))
    likely = chance(-5.6 + 0.8 * journey.quality)
    deals = np.flatnonzero((journey.hot_at < 0) & (rng.random(count) < likely))
    opened = people.created[deals] + rng.integers(DAY, 60 * DAY, len(deals))
    visible = opened < calendar.end
    journey.deals.append((deals[visible], opened[visible]))


def _stack(parts: list[tuple[IntArray, ...]]) -> list[IntArray]:
    return [np.concatenate(column) for column in zip(*parts, strict=True)]


def disposition_rows(
    rng: np.random.Generator, people: People, journey: Journey, calendar: Calendar, first_id: int
) -> Columns:
    """Return the decisions of sales, with reasons for most and an outcome nobody knows."""
    row, at, outcome = _stack(journey.decisions)
    reasons = [reason for group in REASONS for reason in group]
    start = np.cumsum([0, *(len(group) for group in REASONS)])[:-1]
    size = np.array([len(group) for group in REASONS])
    reason = start[outcome] + rng.integers(0, size[outcome])
    silent = rng.random(len(row)) < np.where(outcome == 0, 0.7, 0.08)
    names = (*OUTCOMES, *(text.title() for text in OUTCOMES), "escalated")
    spelled = outcome + len(OUTCOMES) * (rng.random(len(row)) < 0.03)
    spelled = np.where(few(rng, len(row), 0.002), len(names) - 1, spelled)
    columns = {
        "disposition_id": ids("D", first_id + np.arange(len(row)), 8),
        "outcome": pick(names, spelled),
        "reason": blank(pick(reasons, reason), silent),
        "rep_id": _reps(rng, people.number[row]),
    }
    return event_rows(rng, calendar, people.number[row], at, columns, "occurred_at")


def _reps(rng: np.random.Generator, number: IntArray) -> pa.Array:
    swapped = np.where(rng.random(len(number)) < 0.1, rng.integers(0, OWNERS, len(number)), number)
    return pick([f"rep_{n:02d}" for n in range(OWNERS)], swapped % OWNERS)


def answer_rows(
    rng: np.random.Generator, people: People, journey: Journey, calendar: Calendar, first_id: int
) -> Columns:
    """Return the answers to the criteria of BANT and MEDDPICC, some of which change later."""
    row, start = _stack(journey.assessed)
    uses_meddpicc = rng.random(len(row)) < 0.35
    parts: list[tuple[IntArray, ...]] = []
    names: list[tuple[str, str]] = []
    for framework, criteria, ease in CRITERIA:
        wanted = uses_meddpicc if framework == "MEDDPICC" else rng.random(len(row)) < 0.85
        for criterion, bonus in zip(criteria, ease, strict=True):
            code = len(names)
            names.append((framework, criterion))
            asked = wanted & (rng.random(len(row)) < 0.93)
            met = rng.random(len(row)) < chance(0.55 + bonus + 0.6 * journey.quality[row])
            at = start + rng.integers(0, 4 * DAY, len(row))
            flips = asked & (rng.random(len(row)) < np.where(met, 0.06, 0.3))
            then = at + rng.integers(2 * DAY, 30 * DAY, len(row))
            for mask, truth, when in ((asked, met, at), (flips, ~met, then)):
                kept = mask & (when < calendar.end)
                size = int(kept.sum())
                parts.append((row[kept], np.full(size, code), truth[kept], when[kept]))
    row, code, met, at = _stack(parts)
    frameworks = [*(f for f, _ in names), *(f.lower() for f, _ in names), "CHAMP"]
    framework = code + len(names) * (rng.random(len(row)) < 0.02)
    framework = np.where(few(rng, len(row), 0.001), len(frameworks) - 1, framework)
    columns = {
        "answer_id": ids("Q", first_id + np.arange(len(row)), 9),
        "framework": pick(frameworks, framework),
        "criterion": pick([criterion for _, criterion in names], code),
        "is_met": pa.array(met),
        "evidence": pick(EVIDENCE, np.where(rng.random(len(row)) < 0.6, -1,
                                            rng.integers(0, len(EVIDENCE), len(row)))),
        "assessed_by": _reps(rng, people.number[row]),
    }  # fmt: skip
    return event_rows(rng, calendar, people.number[row], at, columns, "assessed_at")


@dataclass(frozen=True)
class _Deals:
    """One row per opportunity: its lead row, opening, planned close and whether it is won."""

    row: IntArray
    opened: IntArray
    closed: IntArray
    won: BoolArray
    reopened: BoolArray
    closed_again: BoolArray
    won_again: BoolArray
    amount: FloatArray
    currency: IntArray


def _deals(
    rng: np.random.Generator, people: People, companies: Companies, journey: Journey
) -> _Deals:
    row, opened = _stack(journey.deals)
    extra = rng.random(len(row)) < 0.05  # an upsell some weeks after the first deal
    row = np.concatenate([row, row[extra]])
    opened = np.concatenate([opened, opened[extra] + 45 * DAY])
    count = len(row)
    company = people.company[row]
    size = (np.maximum(companies.employees[company], 5) / 100.0) ** 0.4
    amount = np.round(9000 * size * np.exp(rng.normal(0, 0.6, count)), -1)
    currency = np.array([CURRENCIES.index(c[2]) for c in COUNTRIES])[companies.country[company]]
    currency = np.where(currency > 2, 0, currency)
    currency = np.where(rng.random(count) < 0.012, CURRENCIES.index(UNRATED), currency)
    days = np.exp(rng.normal(3.8, 0.5, count))
    won = rng.random(count) < chance(-1.0 + 0.55 * journey.quality[row])
    reopened = won & (rng.random(count) < 0.05)
    return _Deals(
        row,
        opened,
        opened + (days * DAY).astype(np.int64) + DAY,
        won,
        reopened,
        reopened & (rng.random(count) < 0.5),
        rng.random(count) < 0.5,
        amount,
        np.where(rng.random(count) < 0.03, -1, currency),
    )


def opportunity_rows(
    rng: np.random.Generator,
    people: People,
    companies: Companies,
    journey: Journey,
    calendar: Calendar,
    first_id: int,
) -> Columns:
    """Return every visible version of the opportunities, oldest first within each."""
    d = _deals(rng, people, companies, journey)
    count, span = len(d.row), d.closed - d.opened
    every = np.ones(count, dtype=bool)
    gap = rng.integers(5 * DAY, 30 * DAY, (2, count))
    won_stage, won_status = np.where(d.won, 3, 4), np.where(d.won, 1, 2)
    again_stage, again_status = np.where(d.won_again, 3, 4), np.where(d.won_again, 1, 2)
    steps = (
        (every, d.opened, np.zeros(count, np.int64), np.zeros(count, np.int64)),
        (rng.random(count) < 0.8, d.opened + span * 2 // 5, np.ones(count, np.int64), 0 * d.row),
        (rng.random(count) < 0.6, d.opened + span * 3 // 4, np.full(count, 2), 0 * d.row),
        (every, d.closed, won_stage, won_status),
        (d.reopened, d.closed + gap[0], np.full(count, 2), 0 * d.row),
        (d.closed_again, d.closed + gap[0] + gap[1], again_stage, again_status),
    )
    parts = []
    for version, (mask, at, stage, status) in enumerate(steps):
        kept = np.flatnonzero(mask & (at < calendar.end))
        parts.append((kept, np.full(len(kept), version), at[kept], stage[kept], status[kept]))
    deal, version, at, stage, status = _stack(parts)
    order = np.lexsort((version, deal))
    deal, version, at, stage, status = (a[order] for a in (deal, version, at, stage, status))
    _, number_of_deal = np.unique(deal, return_inverse=True)  # deals that are visible, without gaps
    is_closed, is_won = status > 0, status == 1
    spelled = np.where(is_won & (rng.random(len(deal)) < 0.02), 3, status)
    spelled = np.where(few(rng, len(deal), 0.002, version == 0), 4, spelled)
    amount = d.amount[deal] * np.where(version >= 2, 1.1, 1.0)
    no_amount = ((version == 0) & (deal % 5 == 0)) | (is_won & (deal % 97 == 0))
    columns = {
        "opportunity_id": ids("O", first_id + number_of_deal, 8),
        "status": pick(STATUSES, spelled),
        "stage": pick(STAGES, stage),
        "amount": pa.array(np.round(amount, 2), mask=no_amount),
        "currency": pick(CURRENCIES, d.currency[deal]),
        "closed_at": seconds(at, ~is_closed | (deal % 61 == 0)),
        "updated_at": seconds(at, (version == 0) & (deal % 4 == 0)),
    }
    number = people.number[d.row[deal]]
    rows = event_rows(rng, calendar, number, d.opened[deal], columns, "created_at")
    return {**rows, "_loaded_at": _version_loads(rows, calendar)}


def _version_loads(rows: Columns, calendar: Calendar) -> pa.Array:
    """Return export times that follow each version, not the opening of its opportunity."""
    loaded = np.asarray(rows["_loaded_at"]).astype(np.int64)
    updated = np.asarray(rows["updated_at"].cast(pa.int64()).fill_null(0))
    return seconds(np.minimum(np.maximum(loaded, updated // 3600 * 3600 + 3900), calendar.end))
