"""Sample leads: who they are, how much they engage, and the rows about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from team.sample import sources
from team.sample.calendar import DAY, Calendar, FloatArray, fading
from team.sample.market import COUNTRIES, Columns, Companies, campaign_table, notations
from team.sample.text import BoolArray, IntArray, blank, choose, coded, ids, join, pick, seconds

# Made-up names: a head and a tail each. The second spelling is the one for e-mail addresses.
FIRST_HEADS = (
    "Arv", "Bel", "Cor", "Dav", "Elm", "Fen", "Gil", "Hal", "Ivo", "Jor", "Kel", "Lun", "Mar",
    "Nel", "Orl", "Pen",
)  # fmt: skip
FIRST_TAILS = ("ena", "ric", "ima", "ost", "ula", "wen", "ian", "isse", "ador")
LAST_HEADS = (
    "Bran", "Tol", "Ves", "Quill", "Hart", "Ost", "Wend", "Krag", "Lind", "Morr", "Stav", "Ruv",
    "Zim", "Fald", "O'Vel", "Nør", "Grün",
)  # fmt: skip
LAST_TAILS = ("mir", "wen", "dor", "sson", "berg", "ley", "stedt", "ova", "hurst", "inck", "ström")
PLAIN = {"O'Vel": "Ovel", "Nør": "Nor", "Grün": "Gruen", "ström": "stroem"}
FREE_DOMAINS = ("gmail.com", "yahoo.com", "gmx.de", "outlook.com", "hotmail.com", "web.de")
DISPOSABLE_DOMAINS = ("mailinator.com", "guerrillamail.com", "10minutemail.com")
DEPARTMENTS = ("Marketing", "Sales", "IT", "Finance", "Operations", "Engineering", "HR")
DEPARTMENT_SHARE = (0.24, 0.2, 0.15, 0.09, 0.12, 0.13, 0.07)
LEVELS = ("student", "individual", "manager", "director", "vp", "chief")
LEVEL_CDF = np.cumsum((0.06, 0.44, 0.27, 0.13, 0.06, 0.04))
LEVEL_PULL = np.array([-2.2, -0.6, 0.1, 0.9, 1.3, 1.2])
_CHIEFS = ("CMO", "Chief Revenue Officer", "CIO", "CFO", "COO", "CTO", "Chief People Officer")
_INDIVIDUALS = (
    "Marketing Specialist", "Sales Representative", "IT Administrator", "Financial Analyst",
    "Operations Analyst", "Software Engineer", "HR Specialist",
)  # fmt: skip
# Two spellings of a title per level and department: index (level * 7 + department) * 2 + variant.
TITLES = tuple(
    title
    for level in LEVELS
    for n, d in enumerate(DEPARTMENTS)
    for title in {
        "student": ("Student", "PhD Student" if n % 2 else "Intern"),
        "individual": (_INDIVIDUALS[n], "Data Engineer" if n == 5 else _INDIVIDUALS[n].lower()),
        "manager": (f"{d} Manager", f"Senior Manager, {d}"),
        "director": (f"Director of {d}", f"{d} Director"),
        "vp": (f"VP {d}", f"Vice President {d}"),
        "chief": (_CHIEFS[n], "CEO" if n % 3 else "Founder & CEO"),
    }[level]
)
PAGES = ("/", "/pricing", "/product", "/demo", "/ebook", "/webinar", "/compare", "/lp/spring")
OWNERS = 12
EXPERIMENTS = (
    ("exp_nurture_cadence", ("control", "treatment")),
    ("exp_pricing_page", ("control", "variant_a", "variant_b")),
)
RECENT_DAYS = 60.0


@dataclass(frozen=True)
class People:
    """A slice of the leads, one row each, in order of creation.

    `number` counts from 1 over all leads; `fit` and `drive` are latent (about mean 0, sd 1);
    `variant` is the arm of each experiment, shape (2, n), -1 where not assigned.
    """

    number: IntArray
    created: IntArray
    source: IntArray
    campaign: IntArray
    company: IntArray
    level: IntArray
    department: IntArray
    mail_kind: IntArray
    fit: FloatArray
    drive: FloatArray
    variant: IntArray
    withdrawn: IntArray

    def __len__(self) -> int:
        return len(self.number)


def make_people(
    rng: np.random.Generator,
    calendar: Calendar,
    companies: Companies,
    first: int,
    count: int,
    total: int,
) -> People:
    """Return the leads `first` ... `first + count - 1` (from 0) of `total`."""
    created = calendar.creations(rng, first, count, total)
    source = sources.draw(rng, count)
    company = companies.draw(rng, sources.trait("company_pull")[source])
    skewed = rng.random(count) ** (1 / sources.trait("seniority")[source])
    level = np.searchsorted(LEVEL_CDF, skewed).clip(0, len(LEVELS) - 1)
    poor = sources.trait("engagement")[source] < -0.2
    mail_kind = np.searchsorted([0.74, 0.985], rng.random(count) + 0.12 * poor * rng.random(count))
    fit = 0.75 * LEVEL_PULL[level] + 0.75 * companies.pull[company] - 0.6 * (mail_kind > 0)
    variant = _variants(rng, created, calendar)
    drive = (
        sources.trait("engagement")[source]
        + 0.35 * fit
        + 0.12 * (variant[0] == 1)
        + rng.normal(0, 0.9, count)
    )
    unsubscribes = rng.random(count) < 0.04
    later = fading(rng, created + DAY, calendar.end - 600, 80)
    return People(
        number=np.arange(first + 1, first + count + 1),
        created=created,
        source=source,
        campaign=campaign_of(rng, calendar, sources.family_index()[source], created),
        company=company,
        level=level,
        department=rng.choice(len(DEPARTMENTS), count, p=DEPARTMENT_SHARE),
        mail_kind=mail_kind,
        fit=fit,
        drive=drive,
        variant=variant,
        withdrawn=np.where(unsubscribes & (later < calendar.end - 600), later, -1),
    )


def campaign_of(
    rng: np.random.Generator, calendar: Calendar, family: IntArray, at: IntArray
) -> IntArray:
    """Return a campaign number that ran at the time for each family, -1 without family."""
    table = campaign_table(calendar)
    place = rng.integers(0, table.shape[2], len(at))
    return np.where(family >= 0, table[family, calendar.quarter_of(at), place], -1)


def _variants(rng: np.random.Generator, created: IntArray, calendar: Calendar) -> IntArray:
    """Return an arm per experiment for the leads of the last year, two thirds of them in it."""
    arms = np.array([rng.integers(0, len(names), len(created)) for _, names in EXPERIMENTS])
    inside = (created > calendar.end - 365 * DAY) & (rng.random(arms.shape) < 0.66)
    return np.where(inside, arms, -1)


def lead_ids(number: IntArray) -> pa.Array:
    """Return the key of each lead number."""
    return ids("L", number, 8)


def few(
    rng: np.random.Generator, count: int, share: float, among: BoolArray | None = None
) -> BoolArray:
    """Return a mask of a small share of the rows (`among` some), one of them at the least."""
    mask = rng.random(count) < share
    candidates = np.arange(count) if among is None else np.flatnonzero(among)
    if among is not None:
        mask &= among
    if len(candidates) and not mask.any():
        mask[candidates[int(rng.integers(0, len(candidates)))]] = True
    return mask


@dataclass(frozen=True)
class _Versions:
    """Lead rows before they become text: `row` points into the people, the rest is per version."""

    row: IntArray
    kind: IntArray  # 0 first, 1 second, 2 third, 3 merged away, 4 deleted
    updated: IntArray
    survivor: IntArray


def _versions(rng: np.random.Generator, people: People, calendar: Calendar) -> _Versions:
    count, last = len(people), calendar.end - 600
    everyone = np.arange(count)
    second = everyone[rng.random(count) < 0.25]
    third = second[rng.random(len(second)) < 0.15]
    merged, survivor = _merges(rng, people)
    deleted = np.setdiff1d(everyone[few(rng, count, 0.005)], merged)
    updated = np.tile(people.created, (5, 1))
    updated[1] = fading(rng, people.created, last, 70)
    has_second, has_third = np.isin(everyone, second), np.isin(everyone, third)
    updated[2] = fading(rng, np.where(has_second, updated[1], updated[0]), last, 70)
    newest = np.where(has_third, updated[2], np.where(has_second, updated[1], updated[0]))
    updated[3] = fading(rng, newest, last, 50)
    updated[4] = fading(rng, newest, last, 90)
    sets = [everyone, second, third, merged, deleted]
    row = np.concatenate(sets)
    kind = np.repeat(np.arange(5), [len(s) for s in sets])
    target = np.full(len(row), -1)
    target[kind == 3] = survivor
    order = np.lexsort((kind, row))
    row, kind, target = row[order], kind[order], target[order]
    return _Versions(row, kind, updated[kind, row], target)


def _merges(rng: np.random.Generator, people: People) -> tuple[IntArray, IntArray]:
    """Return rows merged away and the lead number of each one's survivor.

    A survivor is a lead some places earlier, which may be merged itself (a chain). The first slice
    also has a circle of two, one merge into itself and one into a lead that never came.
    """
    count = len(people)
    merged = np.flatnonzero(rng.random(count) < 0.015)
    merged = merged[merged > 5]
    steps = rng.integers(1, 40, len(merged))
    target = people.number[np.maximum(merged - steps, 5)] if count > 5 else merged
    chained = np.flatnonzero(rng.random(len(merged)) < 0.2)
    chained = chained[chained > 0]
    target[chained] = people.number[merged[chained - 1]]
    if people.number[0] == 1 and count > 5:
        extra, into = np.array([1, 2, 3, 4]), np.array([3, 2, 4, 99_999_998])
        merged, target = np.concatenate([extra, merged]), np.concatenate([into, target])
    return merged, target


def lead_rows(
    rng: np.random.Generator, people: People, companies: Companies, calendar: Calendar
) -> Columns:
    """Return the lead export: every version of every lead, with its dirt."""
    v = _versions(rng, people, calendar)
    text = {
        name: values.take(pa.array(v.row))
        for name, values in _texts(rng, people, companies, calendar).items()
    }
    updated_kind = v.kind >= 1
    level = people.level[v.row]
    promoted = updated_kind & (_steady(people, v.row, 7) < 45) & (level > 0)
    level = np.minimum(level + promoted, len(LEVELS) - 1)
    codes = (level * len(DEPARTMENTS) + people.department[v.row]) * 2
    codes = codes + (_steady(people, v.row, 3) < 35)
    no_title = (_steady(people, v.row, 11) < 12) & ~updated_kind
    gone = v.kind == 4
    future = few(rng, len(people), 0.0004, people.number > 5)[v.row]
    created = np.where(future, calendar.end + 3 * DAY, people.created[v.row])
    updated = np.where(future, created + v.kind * 3600, v.updated)
    survivor = lead_ids(v.survivor.clip(0))
    return _reexported(rng, calendar, {
        "lead_id": lead_ids(people.number[v.row]),
        "created_at": seconds(created),
        "updated_at": seconds(updated, (v.kind == 0) & (_steady(people, v.row, 5) < 30)),
        "email": blank(text["email"], gone),
        "first_name": blank(text["first_name"], gone),
        "last_name": blank(text["last_name"], gone),
        "phone": blank(text["phone"], gone | (~updated_kind & (_steady(people, v.row, 13) < 60))),
        "job_title": blank(pick(TITLES, codes), no_title),
        "department": blank(pick(DEPARTMENTS, people.department[v.row]), no_title),
        "company_name": text["company_name"],
        "company_domain": blank(
            text["company_domain"], ~updated_kind & (_steady(people, v.row, 17) < 15)
        ),
        "country": text["country"],
        "region": text["region"],
        "lead_source": text["lead_source"],
        "campaign_id": text["campaign_id"],
        "landing_page": text["landing_page"],
        "owner_id": text["owner_id"],
        "merged_into_lead_id": blank(survivor, v.survivor < 0),
        "is_deleted": pa.array(gone, mask=~gone & (_steady(people, v.row, 19) < 50)),
        "_loaded_at": seconds(calendar.exported(rng, updated)),
    }, 0.003)  # fmt: skip


def _steady(people: People, row: IntArray, salt: int) -> IntArray:
    """Return a number in 0 ... 99 that is the same for every version of a lead."""
    return (people.number[row] * 2_654_435_761 // 1024 * (2 * salt + 1)) % 100


def _texts(
    rng: np.random.Generator, people: People, companies: Companies, calendar: Calendar
) -> Columns:
    """Return the texts that do not change between versions, one row per person."""
    count = len(people)
    domain = companies.domain.take(pa.array(people.company))
    first, last, email = _names_and_mails(rng, people, domain)
    stem = pc.utf8_capitalize(pc.replace_substring_regex(domain, r"\..*", ""))
    country = companies.country[people.company]
    style = rng.integers(-1, 3, count)
    names = [c[0] for c in COUNTRIES] + [c[1][0] for c in COUNTRIES] + [c[1][1] for c in COUNTRIES]
    spelled = np.where(rng.random(count) < 0.08, -1, country + len(COUNTRIES) * style.clip(0))
    raw = sources.spell(rng, people.source)
    campaign = np.where(rng.random(count) < 0.003, 9999, people.campaign)
    # Some tools export the campaign alone; the source is then the campaign's.
    raw = np.where((people.campaign >= 0) & (rng.random(count) < 0.03), -1, raw)
    no_domain = (people.mail_kind > 0) & (rng.random(count) < 0.5)
    suffix = ids("", rng.integers(100, 200, count), 4)
    return {
        "email": email,
        "first_name": blank(first, rng.random(count) < 0.04),
        "last_name": blank(last, rng.random(count) < 0.03),
        "phone": choose(country == 2, join("+44 7700 90", suffix), join("+1 202 555 ", suffix)),
        "company_name": blank(stem, rng.random(count) < 0.1),
        "company_domain": blank(notations(rng, domain, 0.3), no_domain),
        "country": pick(names, spelled),
        "region": blank(pick([c[3] for c in COUNTRIES], country), rng.random(count) < 0.4),
        "lead_source": pick(sources.SPELLINGS, raw),
        "campaign_id": blank(ids("cmp_", campaign.clip(0), 4), campaign < 0),
        "landing_page": pick(PAGES, np.where(rng.random(count) < 0.2, -1,
                                             rng.integers(0, len(PAGES), count))),
        "owner_id": pick([f"rep_{n:02d}" for n in range(OWNERS)], people.number % OWNERS),
    }  # fmt: skip


def _names_and_mails(
    rng: np.random.Generator, people: People, domain: pa.Array
) -> tuple[pa.Array, pa.Array, pa.Array]:
    """Return first names, last names and e-mail addresses; about one in a hundred shared."""
    count = len(people)
    given = [a + b for a in FIRST_HEADS for b in FIRST_TAILS]
    family = [a + b for a in LAST_HEADS for b in LAST_TAILS]
    plain = [(PLAIN.get(a, a) + PLAIN.get(b, b)).lower() for a in LAST_HEADS for b in LAST_TAILS]
    one, two = rng.integers(0, len(given), count), rng.integers(0, len(family), count)
    local = join(pick([name.lower() for name in given], one), ".", pick(plain, two))
    numbered = join(local, ids("", people.number, 7))
    free = pick(FREE_DOMAINS, rng.integers(0, len(FREE_DOMAINS), count))
    disposable = pick(DISPOSABLE_DOMAINS, rng.integers(0, len(DISPOSABLE_DOMAINS), count))
    email = choose(
        people.mail_kind == 0,
        join(local, "@", domain),
        join(numbered, "@", choose(people.mail_kind == 1, free, disposable)),
    )
    email = choose(few(rng, count, 0.002), join(local, "+test@", domain), email)
    # The same person signs up again and writes the address in another way.
    again = few(rng, count, 0.01, np.arange(count) > 45)
    earlier = np.where(again, np.arange(count) - rng.integers(1, 40, count), np.arange(count))
    email = email.take(pa.array(earlier))
    email = choose(again & (earlier % 2 == 0), pc.utf8_upper(email), email)
    email = choose(again & (earlier % 3 == 0), join(" ", email, " "), email)
    broken = rng.random(count)
    email = choose(broken < 0.001, "n/a", blank(email, (broken > 0.993) & ~again))
    return pick(given, one), pick(family, two), email


def _reexported(
    rng: np.random.Generator, calendar: Calendar, columns: Columns, share: float
) -> Columns:
    """Return the rows followed by a share of them exported a second time, unchanged but later."""
    count = len(columns["_loaded_at"])
    again = np.flatnonzero(few(rng, count, share)) if count else np.zeros(0, np.int64)
    rows = np.concatenate([np.arange(count), again])
    result = {name: values.take(pa.array(rows)) for name, values in columns.items()}
    loaded = np.asarray(columns["_loaded_at"]).astype(np.int64)[rows]
    loaded[count:] = fading(rng, loaded[count:], calendar.end, 20)
    return {**result, "_loaded_at": seconds(loaded)}


def event_rows(
    rng: np.random.Generator,
    calendar: Calendar,
    lead: IntArray,
    at: IntArray,
    columns: Columns,
    time_column: str,
) -> Columns:
    """Return the columns with lead, time and export time, and the dirt every event table has.

    A few rows name a lead that nobody knows, lie after the end, or come twice.
    """
    unknown = few(rng, len(lead), 0.0008)
    ahead = few(rng, len(lead), 0.0005)
    lead = np.where(unknown, 90_000_000 + lead % 1000, lead)
    at = np.where(ahead, calendar.end + DAY + at % (20 * DAY), at)
    named = {
        **columns,
        "lead_id": lead_ids(lead),
        time_column: seconds(at),
        "_loaded_at": seconds(calendar.exported(rng, np.minimum(at, calendar.end - 1))),
    }
    return _reexported(rng, calendar, named, 0.002)


def activity_lead_ids(number: IntArray) -> pa.DictionaryArray:
    """Return the keys of many rows of few leads as a dictionary column."""
    distinct, codes = np.unique(number, return_inverse=True)
    return coded(lead_ids(distinct), codes)
