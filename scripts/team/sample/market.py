"""The market of the sample data: companies, technologies, campaigns, spend and exchange rates.

All of it fits into memory: companies grow with a third of the leads, the rest is fixed in size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from team.sample import sources
from team.sample.calendar import DAY, HISTORY_DAYS, Calendar, FloatArray
from team.sample.text import BoolArray, IntArray, blank, choose, dates, ids, join, pick, seconds

Columns = dict[str, pa.Array]

SYLLABLES = (
    "zor", "vex", "lum", "kan", "dri", "mol", "tav", "bex", "qui", "nar", "fol", "gim", "hev",
    "jur", "lox", "pym", "rud", "sik", "wol", "yar", "bro", "cla", "dun", "elb", "fyn", "gat",
    "hul", "ist", "jam", "kol", "lev", "mur", "nex", "orb", "pal", "ryn", "sol", "tem", "ulv",
    "zan",
)  # fmt: skip
TLDS = (".com", ".de", ".co.uk", ".fr", ".nl", ".io", ".com.au", ".se")
LEGAL_FORMS = (" Inc.", " GmbH", " Ltd", ", SA", " BV", ", Inc.", " Pty Ltd", " AB")
INDUSTRIES = (
    "software", "manufacturing", "financial services", "healthcare", "retail", "logistics",
    "education", "public sector", "energy", "media",
)  # fmt: skip
INDUSTRY_SHARE = (0.2, 0.16, 0.11, 0.1, 0.13, 0.09, 0.07, 0.05, 0.04, 0.05)
INDUSTRY_PULL = np.array([0.9, 0.3, 0.6, 0.1, 0.1, 0.0, -0.7, -0.9, -0.3, 0.0])
# Country, its spellings, currency and region; the order is that of TLDS.
COUNTRIES = (
    ("United States", ("US", "USA"), "USD", "NA"),
    ("Germany", ("DE", "germany"), "EUR", "EMEA"),
    ("United Kingdom", ("UK", "GB"), "GBP", "EMEA"),
    ("France", ("FR", "france"), "EUR", "EMEA"),
    ("Netherlands", ("NL", "The Netherlands"), "EUR", "EMEA"),
    ("United States", ("US", "us"), "USD", "NA"),
    ("Australia", ("AU", "AUS"), "AUD", "APAC"),
    ("Sweden", ("SE", "sweden"), "SEK", "EMEA"),
)  # fmt: skip
COUNTRY_SHARE = (0.28, 0.22, 0.14, 0.09, 0.08, 0.07, 0.05, 0.07)
CURRENCIES = ("EUR", "USD", "GBP", "SEK", "AUD", "BRL")
START_RATES = {"USD": 0.925, "GBP": 1.172, "SEK": 0.0885, "AUD": 0.602}
UNRATED = "BRL"
TECHNOLOGIES = (
    "salesforce", "hubspot", "marketo", "segment",
    "snowflake", "databricks", "shopify", "wordpress",
)  # fmt: skip
TECHNOLOGY_SHARE = (0.22, 0.16, 0.07, 0.06, 0.12, 0.07, 0.1, 0.3)
TECHNOLOGY_PULL = np.array([0.4, 0.35, 0.3, 0.4, 0.3, 0.2, -0.1, -0.2])
COMPETITOR_DOMAINS = ("competitor.example", "rival.example")  # as in the exclusion rules
CAMPAIGNS_PER_QUARTER = 2


@dataclass(frozen=True)
class Companies:
    """Every company of the market, one row each; `pull` is how well it fits (mean 0, sd 1)."""

    domain: pa.Array
    country: IntArray
    industry: IntArray
    employees: IntArray
    growth: FloatArray
    has_technology: BoolArray
    pull: FloatArray
    is_known: BoolArray

    def __len__(self) -> int:
        return len(self.country)

    def draw(self, rng: np.random.Generator, good: FloatArray) -> IntArray:
        """Return a company per lead: the better of two with the chance `good`."""
        both = (rng.random((2, len(good))) ** 1.4 * len(self)).astype(np.int64)
        better = self.pull[both[0]] >= self.pull[both[1]]
        wants_better = rng.random(len(good)) < good
        return np.where(better == wants_better, both[0], both[1])


def name_stems(index: IntArray) -> pa.Array:
    """Return a made-up name per company; unique, since every syllable has three letters."""
    base = len(SYLLABLES)
    block, inner = np.divmod(index, base**3)
    scrambled = (inner * 7919 + 13) % base**3
    parts = [pick(SYLLABLES, scrambled // base**power % base) for power in range(3)]
    return join(*parts, pick([*SYLLABLES, ""], np.where(block > 0, (block - 1) % base, base)))


def make_companies(rng: np.random.Generator, leads: int) -> Companies:
    """Return about a company per three leads."""
    count = max(30, int(leads * 0.35))
    country = rng.choice(len(COUNTRIES), size=count, p=COUNTRY_SHARE)
    industry = rng.choice(len(INDUSTRIES), size=count, p=INDUSTRY_SHARE)
    employees = np.exp(rng.normal(4.0, 1.9, count)).clip(1, 400_000).astype(np.int64)
    growth = np.round(rng.normal(0.12, 0.22, count), 3)
    eager = np.where(industry == 0, 1.5, 1.0)[:, None] * np.array(TECHNOLOGY_SHARE)
    has_technology = rng.random((count, len(TECHNOLOGIES))) < eager
    raw = (
        np.where((employees >= 100) & (employees <= 5000), 1.0, -0.4)
        + INDUSTRY_PULL[industry]
        + (has_technology * TECHNOLOGY_PULL).sum(axis=1)
        + growth.clip(-0.3, 0.6)
    )
    domain = join(name_stems(np.arange(count)), pick(TLDS, country))
    rivals = np.full(count, -1)
    rivals[[count * 3 // 5, count * 4 // 5]] = [0, 1]
    domain = pc.coalesce(pick(COMPETITOR_DOMAINS, rivals), domain)
    pull = (raw - raw.mean()) / raw.std()
    is_known = rng.random(count) < 0.78
    return Companies(domain, country, industry, employees, growth, has_technology, pull, is_known)


def company_rows(rng: np.random.Generator, companies: Companies, calendar: Calendar) -> Columns:
    """Return the company export: known companies, some with later versions or twice."""
    known = np.flatnonzero(companies.is_known)
    later = known[rng.random(len(known)) < 0.12]
    third = later[rng.random(len(later)) < 0.2]
    twin = known[rng.random(len(known)) < 0.01]
    row = np.concatenate([known, later, third, twin])
    version = np.repeat([0, 1, 2, 0], [len(known), len(later), len(third), len(twin)])
    is_twin = np.arange(len(row)) >= len(row) - len(twin)
    first = calendar.start + rng.integers(-100 * DAY, 0, len(row))
    span = (calendar.end - DAY - calendar.start) // 3
    updated = np.where(
        version == 0, first, calendar.start + span * version + rng.integers(0, span, len(row))
    )
    factor = 1 + version * rng.uniform(0.05, 0.5, len(row))
    employees = (companies.employees[row] * factor).astype(np.int64)
    currency = np.array([CURRENCIES.index(c[2]) for c in COUNTRIES])[companies.country[row]]
    currency = np.where(rng.random(len(row)) < 0.01, CURRENCIES.index(UNRATED), currency)
    per_head = np.exp(rng.normal(11.9, 0.5, len(row)))
    revenue = (employees * per_head).astype(np.int64) // 1000 * 1000
    form = pick(LEGAL_FORMS, companies.country[row])
    number = np.where(is_twin, row + len(companies), row)
    variants = [*INDUSTRIES, *(text.title() for text in INDUSTRIES)]
    industry = companies.industry[row] + len(INDUSTRIES) * (rng.random(len(row)) < 0.15)
    gone = rng.random((5, len(row)))
    return {
        "company_id": ids("C", number, 7),
        "domain": notations(rng, companies.domain.take(pa.array(row)), 0.15),
        "updated_at": seconds(updated, (version == 0) & (gone[0] < 0.2)),
        "company_name": join(pc.utf8_capitalize(name_stems(row)), form),
        "industry": blank(pick(variants, industry), gone[1] < 0.05),
        "employee_count": pa.array(employees, mask=gone[2] < 0.06),
        "annual_revenue": pa.array(revenue, mask=gone[3] < 0.12),
        "currency": blank(pick(CURRENCIES, currency), gone[3] > 0.97),
        "growth_rate": pa.array(np.round(companies.growth[row] * factor, 3), mask=gone[4] < 0.2),
        "country": pick([c[0] for c in COUNTRIES], companies.country[row]),
        "_loaded_at": seconds(calendar.exported(rng, updated)),
    }


def technology_rows(rng: np.random.Generator, companies: Companies, calendar: Calendar) -> Columns:
    """Return what a crawler saw running at the companies, a fifth of it without a date."""
    row, technology = np.nonzero(companies.has_technology)
    detected = calendar.start + rng.integers(-90 * DAY, (HISTORY_DAYS - 1) * DAY, len(row))
    undated = rng.random(len(row)) < 0.2
    detected[: len(row) // 2000] += 2 * HISTORY_DAYS * DAY  # dirt: detected in the future
    names = [*TECHNOLOGIES, *(text.title() for text in TECHNOLOGIES)]
    spelled = technology + len(TECHNOLOGIES) * (rng.random(len(row)) < 0.1)
    return {
        "domain": notations(rng, companies.domain.take(pa.array(row)), 0.1),
        "technology": pick(names, spelled),
        "detected_at": seconds(detected, undated),
        "_loaded_at": seconds(calendar.exported(rng, detected)),
    }


def notations(rng: np.random.Generator, domain: pa.Array, share: float) -> pa.Array:
    """Return the domains with a `share` of them written as people and tools write them."""
    style = np.where(rng.random(len(domain)) < share, rng.integers(0, 5, len(domain)), -1)
    for number, text in enumerate([
        join("www.", domain), join("https://www.", domain, "/"), pc.utf8_upper(domain),
        join("mail.", domain), join(" ", domain, "."),
    ]):  # fmt: skip
        domain = choose(style == number, text, domain)
    return domain


def campaign_table(calendar: Calendar) -> IntArray:
    """Return campaign numbers (from 1) by family, quarter and place, shape (F, Q, 2)."""
    shape = (len(sources.FAMILIES), calendar.quarters, CAMPAIGNS_PER_QUARTER)
    return np.arange(1, np.prod(shape) + 1).reshape(shape)


def campaign_rows(rng: np.random.Generator, calendar: Calendar) -> Columns:
    """Return the campaigns: two a quarter and family, the last ones still running."""
    table = campaign_table(calendar)
    family, quarter, place = (axis.ravel() for axis in np.indices(table.shape))
    month = (calendar.first_quarter + quarter) * 3
    started, ended = (
        (month + shift - 1970 * 12).astype("datetime64[M]").astype("datetime64[s]").astype(np.int64)
        for shift in (0, 3)
    )
    usual = {s.family: s.spellings[0] for s in sources.SOURCES if s.family}
    raw = [usual[name] for name in sources.FAMILIES]
    labels = [
        f"{sources.FAMILIES[f].replace('_', ' ').title()} {m // 12} Q{m // 3 % 4 + 1} {'AB'[p]}"
        for f, m, p in zip(family, month, place, strict=True)
    ]
    numbers = table.ravel()
    return {
        "campaign_id": ids("cmp_", numbers, 4),
        "campaign_name": pa.array(labels, pa.string()),
        "lead_source": blank(pick(raw, family), numbers == len(numbers) // 2),
        "channel": pick([sources.CHANNELS[name] for name in sources.FAMILIES], family),
        "started_at": seconds(np.minimum(started, calendar.end - DAY)),
        "ended_at": seconds(ended, ended >= calendar.end),
        "_loaded_at": seconds(calendar.exported(rng, np.minimum(started, calendar.end - DAY))),
    }


@dataclass(frozen=True)
class Bookings:
    """Spend of one kind, one row each; -1 is null; money in EUR cents."""

    day: IntArray
    cents: IntArray
    source: IntArray
    campaign: IntArray
    category: int
    currency: int
    clicks: IntArray


CATEGORIES = ("media", "content", "event", "tools", "nurture")
MEDIA = ("paid_search", "linkedin", "facebook", "content_syndication", "tiktok")
LUMPS = ("webinar", "event", "email", "partner", "referral", "organic_search")
CATEGORY_OF = {"webinar": 1, "event": 2, "email": 4, "organic_search": 1, "partner": 1}
CURRENCY_OF = {"linkedin": 1, "content_syndication": 1, "facebook": 2}


def spend_rows(rng: np.random.Generator, calendar: Calendar, leads: int) -> Columns:
    """Return the ledger: daily media, monthly lumps, overhead, refunds and its dirty rows."""
    bookings = [
        *_media(rng, calendar, leads), *_lumps(rng, calendar, leads), _overhead(rng, calendar),
    ]  # fmt: skip

    def column(name: str) -> IntArray:
        return np.concatenate([getattr(b, name) for b in bookings])

    size = [len(b.day) for b in bookings]
    columns = {name: column(name) for name in ("day", "cents", "source", "campaign", "clicks")}
    columns["category"] = np.repeat([b.category for b in bookings], size)
    columns["currency"] = np.repeat([b.currency for b in bookings], size)
    refund = np.flatnonzero(rng.random(sum(size)) < 0.006)
    wrong = np.flatnonzero(rng.random(sum(size)) < 0.001)[:5]
    wrong = wrong if len(wrong) else np.array([7])
    unrated = np.arange(11, sum(size), max(sum(size) // 3, 1))[:3]
    future = np.array([3])
    extra = np.concatenate([refund, wrong, unrated, future])
    kind = np.repeat([0, 1, 2, 3, 4], [sum(size), len(refund), len(wrong), len(unrated), 1])
    columns = {name: np.concatenate([v, v[extra]]) for name, v in columns.items()}
    cents = np.where((kind == 1) | (kind == 2), -(columns["cents"] // 4) - 1, columns["cents"])
    last_day = calendar.end // DAY - 1
    day = np.minimum(columns["day"] + 9 * (kind == 1), last_day)
    day = np.where(kind == 4, last_day + 7, day)
    currency = np.where(kind == 3, CURRENCIES.index(UNRATED), columns["currency"])
    rates = np.array([1.0, *(START_RATES.get(c, 0.17) for c in CURRENCIES[1:])])
    source, clicks = columns["source"], columns["clicks"]
    family = sources.family_index()[source]
    raw = sources.spell(rng, source)
    bare = (source < 0) | ((columns["campaign"] >= 0) & (rng.random(len(day)) < 0.3))
    is_media = (columns["category"] == 0) & (kind == 0)
    rows = np.argsort(day, kind="stable")
    silent = (currency == 0) & (rng.random(len(day)) < 0.05)
    unsure = (kind == 0) & (rng.random(len(day)) < 0.5)
    result: Columns = {
        "spend_date": dates(day),
        "amount": pa.array(np.round(cents / rates[currency]) / 100),
        "currency": blank(pick(CURRENCIES, currency), silent),
        "lead_source": pick(sources.SPELLINGS, np.where(bare, -1, raw)),
        "campaign_id": blank(ids("cmp_", columns["campaign"].clip(0), 4),
                             (columns["campaign"] < 0) | (family < 0)),
        "category": pick(CATEGORIES, columns["category"]),
        "is_refund": pa.array(kind == 1, mask=unsure),
        "impressions": pa.array(clicks * rng.integers(25, 120, len(day)), mask=~is_media),
        "clicks": pa.array(clicks, mask=~is_media),
        "_loaded_at": seconds(calendar.exported(rng, day * DAY + 30 * 3600, 0.02)),
    }  # fmt: skip
    result = {name: values.take(pa.array(rows)) for name, values in result.items()}
    return {"spend_id": ids("S", np.arange(1, len(rows) + 1), 7), **result}


def _media(rng: np.random.Generator, calendar: Calendar, leads: int) -> Iterator[Bookings]:
    """Yield a booking per day and campaign of every advertised source."""
    days = np.arange(HISTORY_DAYS) + calendar.start // DAY
    days = days[days < calendar.end // DAY]
    expected = leads * calendar.daily_share()[: len(days)]
    table, family = campaign_table(calendar), sources.family_index()
    quarter = calendar.quarter_of(days * DAY)
    for number, source in enumerate(sources.SOURCES):
        if source.name not in MEDIA:
            continue
        for place in range(CAMPAIGNS_PER_QUARTER if family[number] >= 0 else 1):
            noise = np.exp(rng.normal(-0.05, 0.35, len(days)))
            cents = (expected * source.share * source.cost * noise * 100 / 2 + 50).astype(np.int64)
            campaign = table[family[number], quarter, place]
            yield Bookings(
                days, cents, np.full(len(days), number),
                campaign if family[number] >= 0 else np.full(len(days), -1),
                0, CURRENCY_OF.get(source.name, 0),
                (cents / 100 / rng.uniform(2, 6, len(days))).astype(np.int64),
            )  # fmt: skip


def _lumps(rng: np.random.Generator, calendar: Calendar, leads: int) -> Iterator[Bookings]:
    """Yield what webinars, events, mailings and content cost, a booking each second week."""
    days = np.arange(5, HISTORY_DAYS, 14) + calendar.start // DAY
    days = days[days < calendar.end // DAY]
    quarter = calendar.quarter_of(days * DAY)
    table, family = campaign_table(calendar), sources.family_index()
    for number, source in enumerate(sources.SOURCES):
        if source.name not in LUMPS:
            continue
        noise = np.exp(rng.normal(-0.1, 0.45, len(days)))
        share = leads * source.share * source.cost / len(days)
        place = rng.integers(0, CAMPAIGNS_PER_QUARTER, len(days))
        campaign = np.where(family[number] >= 0, table[family[number], quarter, place], -1)
        yield Bookings(
            days, (share * noise * 100).astype(np.int64) + 100, np.full(len(days), number),
            campaign, CATEGORY_OF.get(source.name, 1), 0, np.zeros(len(days), np.int64),
        )  # fmt: skip


def _overhead(rng: np.random.Generator, calendar: Calendar) -> Bookings:
    """Return monthly tools that belong to no source."""
    days = np.arange(1, HISTORY_DAYS, 30) + calendar.start // DAY
    none = np.full(len(days), -1)
    cents = rng.integers(120_000, 480_000, len(days))
    return Bookings(days, cents, none, none, 3, 1, np.zeros(len(days), np.int64))


def rate_rows(rng: np.random.Generator, calendar: Calendar) -> Columns:
    """Return a rate per business day and currency, as a random walk; one lies in the future."""
    days = np.arange(-120, HISTORY_DAYS + 2) + calendar.start // DAY
    days = days[(days + 3) % 7 < 5]
    walk = np.exp(np.cumsum(rng.normal(0, 0.003, (len(START_RATES), len(days))), axis=1))
    start = np.array(list(START_RATES.values()))[:, None]
    rates = np.round(start * walk, 6).ravel()
    day = np.tile(days, len(START_RATES))
    return {
        "currency": pick(list(START_RATES), np.repeat(np.arange(len(START_RATES)), len(days))),
        "rate_date": dates(day),
        "rate_to_reporting": pa.array(rates),
        "_loaded_at": seconds(np.minimum(day * DAY + 16 * 3600, calendar.end)),
    }
