"""Where sample leads come from: how good, how eager and how expensive each source is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from team.sample.calendar import FloatArray
from team.sample.text import IntArray


@dataclass(frozen=True)
class Source:
    """One lead source.

    `share` of the leads; `company_pull` is the chance that the better of two companies is drawn;
    `seniority` skews job titles (1 neutral); `engagement` and `conversion` shift what leads do and
    what sales makes of them (standard deviations, log-odds); `cost` per lead in EUR; `family`
    names the campaigns; `spellings` are the raw values, the first being the usual one.
    """

    name: str
    share: float
    company_pull: float
    seniority: float
    engagement: float
    conversion: float
    cost: float
    family: str | None
    acquisition: tuple[str, ...]
    spellings: tuple[str | None, ...]


# fmt: off
SOURCES = (
    # name, share, company_pull, seniority, engagement, conversion, cost, family,
    #     acquisition, spellings
    Source("organic_search", 0.17, 0.58, 1.0, 0.15, 0.2, 38, None,
           ("page_view", "form_submit"),
           ("organic_search", "Organic Search", "organic", "google / organic", "SEO")),
    Source("paid_search", 0.15, 0.58, 1.0, 0.1, 0.1, 190, "paid_search",
           ("ad_click", "form_submit"),
           ("Google Ads", "google", "adwords", "paid_search", "cpc", "Bing Ads")),
    Source("linkedin", 0.08, 0.6, 1.1, -0.1, 0.0, 310, "linkedin",
           ("ad_click", "form_submit"),
           ("LinkedIn Ads", "linkedin_ads", "LinkedIn Sponsored", "paid_social")),
    Source("facebook", 0.05, 0.42, 0.75, -0.25, -0.5, 120, "facebook",
           ("ad_click", "form_submit"), ("facebook", "Facebook Ads", "fb", "paid_social")),
    Source("organic_social", 0.04, 0.5, 0.9, -0.1, -0.2, 10, None,
           ("social_engagement",), ("LinkedIn", "linkedin", "xing")),
    Source("email", 0.08, 0.6, 1.0, 0.35, 0.2, 16, "email",
           ("email_click", "form_submit"), ("newsletter", "Newsletter", "email", "E-Mail")),
    Source("webinar", 0.09, 0.62, 1.1, 0.45, 0.3, 95, "webinar",
           ("webinar_registered", "webinar_attended"), ("webinar", "Webinar", "webinars")),
    Source("event", 0.07, 0.65, 1.2, 0.0, 0.35, 520, "event",
           ("event_attended",), ("event", "Trade Show", "trade show", "conference")),
    Source("referral", 0.06, 0.75, 1.5, 0.6, 1.0, 55, None,
           ("page_view", "form_submit"), ("referral", "Referral", "customer referral")),
    Source("partner", 0.04, 0.72, 1.4, 0.4, 0.7, 120, "partner",
           ("form_submit",), ("partner", "Partner Referral")),
    Source("direct", 0.08, 0.6, 1.1, 0.3, 0.4, 12, None,
           ("page_view", "form_submit"), ("direct", "(direct) / (none)", "Direct")),
    Source("content_syndication", 0.1, 0.32, 0.65, -0.8, -1.4, 45, "content_syndication",
           ("content_download",), ("content_syndication", "Content Syndication", "syndication")),
    Source("unknown", 0.02, 0.5, 1.0, 0.0, 0.0, 0, None,
           ("form_submit",), (None,)),
    Source("tiktok", 0.01, 0.3, 0.5, -0.5, -1.0, 40, None,
           ("ad_click",), ("tiktok",)),
    Source("unmapped", 0.01, 0.5, 1.0, 0.1, 0.0, 0, None,
           ("page_view",), ("chatgpt.com",)),
)
# fmt: on
FAMILIES = tuple(s.family for s in SOURCES if s.family)
CHANNELS = {
    "paid_search": "Search", "linkedin": "Social", "facebook": "Social", "email": "Email",
    "webinar": "Webinar", "event": "Event", "partner": "Partner",
    "content_syndication": "Syndication",
}  # fmt: skip
SPELLINGS = tuple(sorted({text for s in SOURCES for text in s.spellings if text is not None}))


def trait(name: str) -> FloatArray:
    """Return one numeric field of every source as an array."""
    return np.array([getattr(source, name) for source in SOURCES], dtype=np.float64)


def draw(rng: np.random.Generator, count: int) -> IntArray:
    """Return the index into SOURCES of `count` leads."""
    share = trait("share")
    return rng.choice(len(SOURCES), size=count, p=share / share.sum()).astype(np.int64)


def spell(rng: np.random.Generator, source: IntArray) -> IntArray:
    """Return a raw spelling per row as an index into SPELLINGS, -1 for none."""
    width = max(len(s.spellings) for s in SOURCES)
    table = np.full((len(SOURCES), width), -1, dtype=np.int64)
    for row, s in enumerate(SOURCES):
        known = [SPELLINGS.index(text) if text is not None else -1 for text in s.spellings]
        table[row] = [known[i % len(known)] for i in range(width)]
    # Half of the rows use the usual spelling of their source.
    column = np.where(rng.random(len(source)) < 0.5, 0, rng.integers(0, width, len(source)))
    return table[source, column]


def family_index() -> IntArray:
    """Return the index into FAMILIES of every source, -1 where it runs no campaigns."""
    return np.array([FAMILIES.index(s.family) if s.family else -1 for s in SOURCES])


# What web analytics says of the visits of leads of a source, the usual one first; or nothing.
# fmt: off
VISIT_SOURCES: dict[str, tuple[str | None, ...]] = {
    "organic_search": ("google / organic", "bing / organic", "https://www.google.com/",
                       "duckduckgo / organic"),
    "paid_search": ("google / cpc", "Google / CPC", "bing / cpc", "google / ppc"),
    "linkedin": ("linkedin / cpc", "linkedin / paid-social", "LinkedIn / CPC", "linkedin/cpc"),
    "facebook": ("facebook / cpc", "instagram / paid_social", "fb / cpc",
                 "https://l.facebook.com/"),
    "organic_social": ("linkedin / social", "xing / social", "lnkd.in / referral",
                       "https://t.co/s2mQl"),
    "email": ("newsletter / email", "nurture / email", "hs_email / email", "newsletter"),
    "webinar": ("newsletter / email", "linkedin / social", "zoom.us / referral", "webinar"),
    "event": ("(direct) / (none)", "booth / event", "google / organic", "conference / qr"),
    "referral": ("blog.friend.example / referral", "reviews.example / referral",
                 "chatgpt.com / referral", "google / organic"),
    "partner": ("partner.example / referral", "reseller / partner", "(direct) / (none)",
                "marketplace.example / affiliate"),
    "direct": ("(direct) / (none)", "(direct) / (none)", "google / organic", "direct"),
    "content_syndication": ("netline", "techtarget", "netline / cpl", "ebooks.example / referral"),
    "unknown": (None, "(not set) / (not set)", "google / organic", "(direct) / (none)"),
    "tiktok": ("tiktok / cpc", "tiktok / paid", "tiktok / social", None),
    "unmapped": ("chatgpt.com / referral", "perplexity.ai / referral", "copilot", "chatgpt.com"),
}
# Of a hundred visits, whatever the source of the lead: people come back, and tracking has gaps.
VISITS_BACK: tuple[tuple[str | None, int], ...] = (
    ("(direct) / (none)", 16), ("google / organic", 11), ("newsletter / email", 8),
    ("linkedin / social", 4), (None, 5), ("(not set) / (not set)", 1), ("intranet", 1),
    ("QR-Flyer Halle 4", 1),
)
# fmt: on
VISITS = tuple(
    sorted(
        {
            text
            for group in (*VISIT_SOURCES.values(), tuple(t for t, _ in VISITS_BACK))
            for text in group
            if text is not None
        }
    )
)  # fmt: skip
VISITS_DRAWN = 100  # codes per source of a lead, of which a uniform draw takes one


def visit_table() -> IntArray:
    """Return the codes in VISITS, -1 for none, of the visits of each source: (sources, drawn)."""

    def code(text: str | None) -> int:
        return -1 if text is None else VISITS.index(text)

    back = [code(text) for text, count in VISITS_BACK for _ in range(count)]
    rows = []
    for source in SOURCES:
        own = [code(text) for text in VISIT_SOURCES[source.name]]
        # Half of them are the usual one.
        usual = [own[0]] * ((VISITS_DRAWN - len(back)) // 2)
        rows.append(usual + back + list(np.resize(own, VISITS_DRAWN - len(back) - len(usual))))
    return np.array(rows)
