"""Sample activities: sessions of leads, and the single events that other records imply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from team.sample import sources
from team.sample.calendar import DAY, Calendar, FloatArray, fading
from team.sample.market import Columns
from team.sample.people import RECENT_DAYS, People, activity_lead_ids, campaign_of, few
from team.sample.sales import CONTACT_TYPES, Journey
from team.sample.text import BoolArray, IntArray, coded, ids, seconds

TYPES = (
    "page_view", "pricing_page_view", "blog_read", "email_open", "email_click",
    "content_download", "webinar_registered", "webinar_attended", "event_attended", "ad_click",
    "form_submit", "demo_request", "contact_sales", "trial_start", "product_usage",
    "chat_conversation", "call_connected", "meeting_held", "email_reply", "email_unsubscribe",
    "email_bounce", "careers_page_view", "social_engagement",
)  # fmt: skip
CODE = {name: number for number, name in enumerate(TYPES)}
RAISES = ("demo_request", "contact_sales", "trial_start")
# What happens in a session of each kind, as relative weights.
KINDS: dict[str, dict[str, float]] = {
    "browse": {"page_view": 70, "blog_read": 20, "pricing_page_view": 6, "chat_conversation": 1,
               "social_engagement": 3},
    "mail": {"email_open": 62, "email_click": 18, "page_view": 16, "blog_read": 4},
    "content": {"page_view": 50, "content_download": 18, "form_submit": 6, "blog_read": 20,
                "webinar_registered": 6},
    "webinar": {"webinar_attended": 22, "page_view": 48, "email_open": 30},
    "advert": {"ad_click": 30, "page_view": 60, "social_engagement": 10},
    "buying": {"page_view": 50, "pricing_page_view": 26, "content_download": 10,
               "chat_conversation": 4, "blog_read": 6, "email_click": 4},
    "event": {"event_attended": 35, "social_engagement": 30, "page_view": 35},
    "product": {"product_usage": 80, "page_view": 14, "email_open": 6},
    "careers": {"careers_page_view": 55, "page_view": 35, "blog_read": 10},
}  # fmt: skip
# Which kinds of session a lead in each mood has, in the order of KINDS.
MOODS = (
    (40, 34, 8, 2.0, 9, 1.0, 1.0, 0, 2),  # idle
    (16, 20, 16, 6.0, 5, 28, 2.0, 0, 0),  # in a burst of interest
    (14, 18, 8, 2.0, 2, 10, 1.0, 45, 0),  # on trial
    (24, 10, 8, 1.0, 6, 1.0, 0.0, 0, 50),  # looking for a job or writing a thesis
)
ASSETS = {
    "page_view": ("/", "/product", "/customers", "/integrations", "/about"),
    "pricing_page_view": ("/pricing",),
    "blog_read": ("/blog/scoring", "/blog/funnel", "/blog/attribution", "/blog/reporting"),
    "email_open": ("newsletter", "nurture-1", "nurture-2", "nurture-3"),
    "email_click": ("newsletter", "nurture-1", "nurture-2", "nurture-3"),
    "content_download": ("ebook-funnel", "checklist", "benchmark-report", "template"),
    "webinar_registered": ("webinar-scoring", "webinar-roi"),
    "webinar_attended": ("webinar-scoring", "webinar-roi"),
    "form_submit": ("form_1", "form_2", "form_3"),
    "product_usage": ("import", "dashboard", "export", "alerts"),
    "careers_page_view": ("/careers",),
}
ALL_ASSETS = tuple(sorted({text for group in ASSETS.values() for text in group}))
# Families whose campaigns a type belongs to, drawn at random; form_submit keeps the lead's own.
TYPE_FAMILIES = {
    "ad_click": ("paid_search", "linkedin", "facebook", "content_syndication"),
    "webinar_registered": ("webinar",) * 4,
    "webinar_attended": ("webinar",) * 4,
    "event_attended": ("event",) * 4,
    "content_download": ("email", "content_syndication", "email", "linkedin"),
    "email_click": ("email",) * 4,
}
# Of these web analytics says where the visitor came from; one with a campaign has its source.
VISIT_TYPES = (
    "page_view", "pricing_page_view", "blog_read", "content_download", "webinar_registered",
    "form_submit", "demo_request", "contact_sales", "trial_start", "chat_conversation",
    "careers_page_view", "social_engagement",
)  # fmt: skip
SLOTS = 4096
EVENTS_PER_SESSION = 5
DUPLICATES = 0.003


@dataclass(frozen=True)
class Events:
    """Activities before they become text: row of the person, time, type, campaign (-1: none)."""

    row: IntArray
    at: IntArray
    kind: IntArray
    campaign: IntArray

    def __len__(self) -> int:
        return len(self.row)

    def take(self, index: IntArray | BoolArray) -> Events:
        """Return the events at the index, or where the mask holds."""
        return Events(self.row[index], self.at[index], self.kind[index], self.campaign[index])


def _stack(parts: list[Events]) -> Events:
    return Events(*(np.concatenate([getattr(p, name) for p in parts])
                    for name in ("row", "at", "kind", "campaign")))  # fmt: skip


def _lookup(weights: FloatArray) -> IntArray:
    """Return a table of SLOTS codes per row of weights (r, c): a uniform draw is a look-up."""
    cdf = np.cumsum(weights, axis=1) / weights.sum(axis=1, keepdims=True)
    middle = (np.arange(SLOTS) + 0.5) / SLOTS
    return np.stack([np.searchsorted(row, middle) for row in cdf]).clip(0, weights.shape[1] - 1)


KIND_TABLE = _lookup(np.array(MOODS, dtype=np.float64))
TYPE_TABLE = _lookup(
    np.array([[kind.get(name, 0.0) for name in TYPES] for kind in KINDS.values()])
).astype(np.int8)


def recency(calendar: Calendar, created: IntArray) -> FloatArray:
    """Return how much of its activity a lead of that age has already shown, 0 to 1."""
    return 0.02 + -np.expm1(-(calendar.end - created) / (RECENT_DAYS * DAY))


def duplicates(target: int) -> int:
    """Return how many of `target` rows are the same activity exported once more."""
    return min(int(target * DUPLICATES) + 1, target // 2)


def make_events(
    rng: np.random.Generator, people: People, journey: Journey, calendar: Calendar, count: int
) -> Events:
    """Return exactly `count` activities of a slice of people, in no particular order.

    Acquisition, hand-raises, contacts and unsubscriptions come first; sessions fill up the rest.
    """
    single = _stack([
        _acquisitions(rng, people), _raises(journey), _contacts(journey),
        _unsubscribed(people), _bounced(rng, people),
    ])  # fmt: skip
    single = single.take(single.at < calendar.end)
    if len(single) >= count:
        return single.take(np.sort(rng.choice(len(single), count, replace=False)))
    return _stack([single, _sessions(rng, people, journey, calendar, count - len(single))])


def _acquisitions(rng: np.random.Generator, people: People) -> Events:
    """Return what brought each lead, minutes before its creation (an attendance: after it)."""
    parts = []
    for number, source in enumerate(sources.SOURCES):
        row = np.flatnonzero(people.source == number)
        for place, name in enumerate(source.acquisition):
            before = rng.integers(20, 600, len(row)) * (len(source.acquisition) - place)
            at = people.created[row] - before
            if name == "webinar_attended":
                at = people.created[row] + rng.integers(1, 12, len(row)) * DAY
            campaign = _none(len(row)) if name == "page_view" else people.campaign[row]
            parts.append(Events(row, at, np.full(len(row), CODE[name]), campaign))
    return _stack(parts)


def _none(count: int) -> IntArray:
    return np.full(count, -1)


def _raises(journey: Journey) -> Events:
    codes = np.array([CODE[name] for name in RAISES])
    row, at, kind = (np.concatenate(c) for c in zip(*journey.raises, strict=True))
    return Events(row, at, codes[kind], _none(len(row)))


def _contacts(journey: Journey) -> Events:
    codes = np.array([CODE[name] for name in CONTACT_TYPES])
    row, at, kind = (np.concatenate(c) for c in zip(*journey.contacts, strict=True))
    return Events(row, at, codes[kind], _none(len(row)))


def _unsubscribed(people: People) -> Events:
    row = np.flatnonzero(people.withdrawn >= 0)
    code = np.full(len(row), CODE["email_unsubscribe"])
    return Events(row, people.withdrawn[row] - 60, code, _none(len(row)))


def _bounced(rng: np.random.Generator, people: People) -> Events:
    share = np.where(people.mail_kind == 2, 0.6, 0.012)
    row = np.flatnonzero(rng.random(len(people)) < share)
    at = people.created[row] + rng.integers(3600, 20 * DAY, len(row))
    return Events(row, at, np.full(len(row), CODE["email_bounce"]), _none(len(row)))


def _sessions(
    rng: np.random.Generator, people: People, journey: Journey, calendar: Calendar, room: int
) -> Events:
    """Return `room` events, spread over the people by drive and over each one's sessions."""
    count = len(people)
    weight = np.exp(0.85 * people.drive) * recency(calendar, people.created)
    weight = weight * np.where(journey.hot_at >= 0, 2.6, 1.0)
    size = np.diff(np.floor(np.cumsum(weight) / weight.sum() * room + 1e-6), prepend=0.0)
    size = size.astype(np.int64)
    visits = np.where(size > 0, 1 + size // EVENTS_PER_SESSION, 0)
    person = np.repeat(np.arange(count), visits)
    start, mood = _visit_times(rng, people, journey, calendar, person)
    kind = KIND_TABLE[mood, rng.integers(0, SLOTS, len(person))]
    first_visit = np.cumsum(visits) - visits
    row = np.repeat(np.arange(count, dtype=np.int64), size)
    skew = rng.random(len(row), dtype=np.float32) ** np.float32(1.4)
    visit = first_visit[row] + (skew * visits[row]).astype(np.int64)
    pause = (rng.exponential(260, len(row))).astype(np.int64)
    at = np.minimum(start[visit] + pause.clip(0, 7000), calendar.end - 1)
    types = TYPE_TABLE[kind[visit], rng.integers(0, SLOTS, len(row))].astype(np.int64)
    return Events(row, at, types, _campaigns(rng, people, calendar, row, at, types))


def _visit_times(
    rng: np.random.Generator,
    people: People,
    journey: Journey,
    calendar: Calendar,
    person: IntArray,
) -> tuple[IntArray, IntArray]:
    """Return start and mood of each visit: in a burst, anonymous before creation, or any time."""
    size, created = len(person), people.created[person]
    at = fading(rng, created, calendar.end - 7200, RECENT_DAYS)
    mood = np.where(people.level[person] == 0, 3, 0)
    anonymous = (people.number[person] % 3 == 0) & (rng.random(size) < 0.15)
    at = np.where(anonymous, created - rng.integers(3600, 40 * DAY, size), at)
    draw = rng.random(size)
    for burst, (row, hot_at) in enumerate(journey.bursts):
        peak = np.full(len(people), -1)
        peak[row] = hot_at
        low, high = ((0.0, 0.5), (0.5, 0.85))[burst]
        inside = (peak[person] >= 0) & (draw >= low) & (draw < high)
        before = (rng.exponential(4.5 * DAY, size)).astype(np.int64)
        at = np.where(inside, peak[person] - before, at)
        mood = np.where(inside & (mood != 3), 1, mood)
    started = journey.trial[person] & (at > journey.hot_at[person])
    return calendar.snap(rng, at), np.where(started & (mood == 0), 2, mood)


def _campaigns(
    rng: np.random.Generator,
    people: People,
    calendar: Calendar,
    row: IntArray,
    at: IntArray,
    kind: IntArray,
) -> IntArray:
    """Return the campaign of each event whose type carries one, -1 for the others."""
    families = np.full((len(TYPES), 4), -1)
    for name, group in TYPE_FAMILIES.items():
        families[CODE[name]] = [sources.FAMILIES.index(family) for family in group]
    campaign = np.full(len(row), -1)
    drawn = np.flatnonzero(families[kind, 0] >= 0)
    family = families[kind[drawn], rng.integers(0, 4, len(drawn))]
    campaign[drawn] = campaign_of(rng, calendar, family, at[drawn])
    forms = np.flatnonzero(kind == CODE["form_submit"])
    campaign[forms] = people.campaign[row[forms]]
    return campaign


def activity_rows(
    rng: np.random.Generator,
    source_rng: np.random.Generator,
    people: People,
    events: Events,
    calendar: Calendar,
    first_id: int,
    again: int,
) -> Columns:
    """Return the events as rows numbered from `first_id`, then `again` of them exported twice.

    Their sources have a random stream of their own.
    """
    count = len(events)
    at, lead = events.at.copy(), people.number[events.row]
    loaded = calendar.exported(rng, at, 0.012)
    ahead, unknown = few(rng, count, 0.0002), few(rng, count, 0.0004)
    at[ahead] = calendar.end + DAY + at[ahead] % (20 * DAY)
    lead[unknown] = 90_000_000 + lead[unknown] % 1000
    columns = {
        "activity_id": ids("A", first_id + np.arange(count), 10),
        "lead_id": activity_lead_ids(lead),
        "activity_type": coded(TYPES, events.kind),
        "occurred_at": seconds(at),
        "campaign_id": _campaign_ids(events.campaign),
        "asset": coded(ALL_ASSETS, _assets(rng, events.kind)),
        "lead_source": coded(sources.VISITS, _visit_sources(source_rng, people, events)),
    }
    twice = np.sort(rng.choice(count, again, replace=False))
    index = pa.array(np.concatenate([np.arange(count), twice]))
    loaded = np.concatenate([loaded, fading(rng, loaded[twice], calendar.end, 15)])
    return {
        **{name: values.take(index) for name, values in columns.items()},
        "_loaded_at": seconds(loaded),
    }


def _campaign_ids(campaign: IntArray) -> pa.DictionaryArray:
    top = int(campaign.max(initial=0))
    return coded(ids("cmp_", np.arange(top + 1), 4), campaign)


def _assets(rng: np.random.Generator, kind: IntArray) -> IntArray:
    """Return an asset per event as an index into ALL_ASSETS, -1 for types without."""
    table = np.full((len(TYPES), 60), -1)
    for name, group in ASSETS.items():
        table[CODE[name]] = np.resize([ALL_ASSETS.index(text) for text in group], 60)
    return table[kind, rng.integers(0, 60, len(kind))]


def _visit_sources(rng: np.random.Generator, people: People, events: Events) -> IntArray:
    """Return where the visitor of each event came from as an index into VISITS, -1 for no source.

    Mostly from where the lead came in the first place. Sales' own work and mails have no source.
    """
    is_visit = np.isin(events.kind, [CODE[name] for name in VISIT_TYPES]) & (events.campaign < 0)
    drawn = rng.integers(0, sources.VISITS_DRAWN, len(events), dtype=np.int8)
    found = sources.visit_table()[people.source[events.row], drawn]
    return np.where(is_visit, found, -1)
