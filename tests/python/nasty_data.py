"""Random raw files and policies: duplicates, orphans, merges, circles, ties, odd spellings."""

from __future__ import annotations

import csv
import random
import unicodedata
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

TextRow = dict[str, str]
TextTables = dict[str, list[TextRow]]

MIDNIGHT = datetime(2024, 3, 1)  # as_of of every other example; of the rest the noon after it
DAYS = (-40, -10, 0, 1, 2, 3, 5, 8, 13, 20, 30, 31, 45, 59, 60)
OFFSETS = tuple(map(timedelta, (0, 0, 0, 0.25, 0.5, 0.75))) + (timedelta(days=1, microseconds=-1),)
SEED_COLUMNS = {
    "activity_rules": "rule_id,activity_type,score_group,points,half_life_days,max_points,"
    "is_hand_raise,is_direct_contact,is_touch,valid_from,valid_to",
    "disposable_email_domains": "domain",
    "exclusion_rules": "rule_id,category,attribute_name,comparison,rule_value,valid_from,valid_to",
    "fit_rules": "rule_id,dimension,attribute_name,comparison,rule_value,points,valid_from,"
    "valid_to",
    "free_email_domains": "domain",
    "lead_source_map": "priority,comparison,raw_value,lead_source,channel,is_paid",
    "placeholder_emails": "email",
    "public_suffixes": "suffix",
    "qualification_criteria": "framework,criterion,is_required,minimum_met",
    "qualification_policy": "version,valid_from,fit_hurdle,engagement_threshold,requires_consent,"
    "approved_by",
    "score_bands": "kind,band,min_score",
    "score_groups": "score_group,kind,min_points,max_points",
}
TITLES = ("", "CMO", "cmo ", "VP Sales", "Vice President", "5", " ", "Student")
INDUSTRIES = ("Software", "software ", "Retail", "")
COUNTRIES = ("DE", "de", " Germany", "US", "")
NUMBERS = ("", "0", "10", "10.0", "50", "100", "500", "1e2", "-3")
SOURCES = ("Google", "adwords", " GOOGLE ", "Spring Newsletter", "tiktok", "", "  ")
# Of one spelling each; the last matches a row of the map and would be read otherwise without it.
PARTED_SOURCES = (
    *("Facebook / CPC", "google/organic", "acme / Paid-Social", "(direct) / (none)", "n/a"),
    *("https://l.facebook.com/l.php?u=x", "www.google.co.uk", "chatgpt.com", "acme / pigeon"),
    *("amazon / cpc / spring", "sms / (not set)", "Newsletter / cpc"),
)
CRITERIA = (("BANT", "budget"), ("BANT", "Need "), ("BANT", "timeline"), ("meddpicc", "champion"))
# Rows of one key never tie on case or blanks alone here: which is the greater is nobody's business.
# So a value of a folded column has one spelling, capitals first.
ACTIVITY_TYPES = ("visit", "visit", "webinar", "demo", " Call", "unsubscribe", "fax")
SIGNAL_TYPES = ("research", "research", " Compare", "nothing", "")


class Generator:
    """Draws policies and data from one seed; times come from a small grid, so that ties happen."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.pick = self.random.choice
        self.source_random = random.Random(f"sources {seed}")  # the rest stays as it was
        self.as_of = MIDNIGHT + timedelta(hours=12 * (seed % 2))

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.random.random() < probability

    def moment(self, early: bool = False) -> str:
        """A timestamp of the grid, rarely exactly at as_of or later."""
        if not early and self.chance(0.06):
            late = (timedelta(0), timedelta(microseconds=1), timedelta(days=10))
            return str(self.as_of + self.pick(late))
        days = self.pick(DAYS[:6] if early else DAYS)
        return str(datetime(2024, 1, 1) + timedelta(days=days) + self.pick(OFFSETS))

    def maybe(self, value: str, probability: float = 0.5) -> str:
        """The value or null."""
        return value if self.chance(probability) else ""

    def flag(self, probability: float = 0.5) -> str:
        """A boolean as text."""
        return "true" if self.chance(probability) else "false"

    def source(self, word: str) -> str:
        """A raw source: the word or, in one of three cases, a source / medium or an address."""
        parted = self.source_random.choice(PARTED_SOURCES)
        return self.source_random.choice((word, word, parted))

    # policy

    def boundary(self) -> str:
        """A day of the grid on which a rule begins or ends."""
        return str((datetime(2024, 1, 1) + timedelta(days=self.pick(DAYS))).date())

    def validity(self) -> TextRow:
        """An open, half-open or closed validity."""
        first, second = sorted({self.boundary(), "2024-01-09", "2024-02-20"})[:2]
        shape = self.pick(("open", "open", "open", "from", "to", "both"))
        return {
            "valid_from": first if shape in ("from", "both") else "",
            "valid_to": second if shape in ("to", "both") else "",
        }

    def seeds(self) -> TextTables:
        """A policy that passes the tests of the project's seeds."""
        return {
            "activity_rules": self._activity_rules(),
            "disposable_email_domains": [{"domain": "mailinator.com"}],
            "exclusion_rules": self._exclusion_rules(),
            "fit_rules": self._fit_rules(),
            "free_email_domains": _rows("domain", "gmail.com;yahoo.co.uk;xn--pst-sna.de"),
            "lead_source_map": _rows(
                "priority,comparison,raw_value,lead_source,channel,is_paid",
                "20,contains,newsletter,email,owned,false;10,in,google|adwords,paid_search,paid,true;"
                "30,equals,spring newsletter,print,owned,false",
            ),
            "placeholder_emails": _rows("email", "noemail@;test@pöst.de"),
            "public_suffixes": _rows("suffix", "co.uk;com.au;kö.de"),
            "qualification_criteria": self._criteria(),
            "qualification_policy": self._policies(),
            "score_bands": _rows(
                "kind,band,min_score",
                "fit,A,40;fit,B,20;fit,C,0;engagement,1,50;engagement,2,20;engagement,3,0",
            ),
            "score_groups": self._groups(),
        }

    def _activity_rules(self) -> list[TextRow]:
        rules = []
        types = ("visit", "webinar", "demo", "call", "unsubscribe", "intent_research")
        for name in (*types, "intent_compare"):
            if self.chance(0.1):
                continue
            switch = self.boundary() if self.chance(0.3) else ""
            spans = [("", switch), (switch, "")] if switch else [("", "")]
            for number, (valid_from, valid_to) in enumerate(spans):
                points = self.pick(("0", "1.2", "5", "10", "20", "20", "45", "-3.3"))
                rules.append(
                    {
                        "rule_id": f"{name}_{number}",
                        "activity_type": name,
                        "score_group": self.pick(("web", "events", "intent")),
                        "points": f"-{abs(float(points))}" if name == "unsubscribe" else points,
                        "half_life_days": self.pick(("", "", "7", "10", "30", "365", "3650")),
                        "max_points": self.pick(("", "", "", "4", "15", "40")),
                        "is_hand_raise": self.flag(0.8 if name == "demo" else 0.02),
                        "is_direct_contact": self.flag(0.9 if name == "call" else 0.1),
                        "is_touch": self.flag(0.6),
                        "valid_from": valid_from,
                        "valid_to": valid_to,
                    }
                )
        return rules

    def _fit_rules(self) -> list[TextRow]:
        worded = {
            "job_title": ("CMO", "cmo | VP Sales", "vp"),
            "country": ("DE", "de|us", "germ"),
            "email_domain_type": ("free", "business|disposable", "dispos"),
            "company_industry": ("software", "Retail|Software", "soft"),
            "company_country": ("DE", "de|us", "u"),
            "technology": ("Salesforce", "hubspot|marketo", "sales"),
            "pain": ("high", "low|high", "hi"),
            "lead_source": ("google", "google|tiktok", "letter"),
        }
        measured = (
            "company_employee_count",
            "company_annual_revenue",
            "company_growth_rate",
            "budget",
            "job_title",
        )
        rules: list[TextRow] = []
        conditions: set[tuple[str, str, str]] = set()
        for number in range(self.random.randint(3, 14)):
            is_measured = self.chance(0.4)
            attribute = self.pick(measured if is_measured else tuple(worded))
            comparison = self.pick(("between", "at_least", "at_most", "equals", "in", "is_missing"))
            value = {"between": "10|100", "is_missing": "", "in": "10|50"}.get(comparison, "10")
            if not is_measured:
                comparison = self.pick(("equals", "in", "contains", "is_missing"))
                choices = dict(zip(("equals", "in", "contains"), worded[attribute], strict=True))
                value = choices.get(comparison, "")
            value = "" if self.chance(0.03) else value
            if (attribute, comparison, value) in conditions:
                continue  # the project refuses one condition twice
            conditions.add((attribute, comparison, value))
            rules.append(
                {
                    "rule_id": f"fit_{number}",
                    "dimension": self.pick(
                        ("demographic", "firmographic", "technographic", "psychographic")
                    ),
                    "attribute_name": attribute,
                    "comparison": comparison,
                    "rule_value": value,
                    "points": self.pick(("-25", "-5", "0", "3.5", "10", "20", "20", "30", "50")),
                    **self.validity(),
                }
            )
        return rules

    def _exclusion_rules(self) -> list[TextRow]:
        choices = (
            ("domain", "in", "www.rival0.com|rival1.com|büro2.de|other.com"),
            ("domain", "contains", self.pick(("mail.rival3.com", "rival", ".kö.de", "büro4.de"))),
            ("job_title", "contains", "student"),
            ("email", "contains", "+test@"),
            ("country", "equals", "us"),
        )
        return [
            {
                "rule_id": f"out_{number}",
                "category": "test",
                "attribute_name": attribute,
                "comparison": comparison,
                "rule_value": value,
                **self.validity(),
            }
            for number, (attribute, comparison, value) in enumerate(choices)
            if self.chance(0.25)
        ]

    def _criteria(self) -> list[TextRow]:
        minimum = self.pick(("", "1", "2"))
        rows = [
            {
                "framework": "BANT",
                "criterion": criterion,
                "is_required": self.flag(0.3),
                "minimum_met": minimum,
            }
            for criterion in ("budget", "need", "timeline")
        ]
        other = {"framework": "MEDDPICC", "criterion": "champion", "is_required": self.flag(0.3)}
        rows += [other | {"minimum_met": self.maybe("1", 0.2)}] if self.chance(0.4) else []
        return [] if self.chance(0.15) else rows

    def _policies(self) -> list[TextRow]:
        days = sorted({self.boundary() for _ in range(self.random.randint(1, 3))})
        return [
            {
                "version": f"p{number}",
                "valid_from": day,
                "fit_hurdle": self.pick(("0", "0", "0", "0", "3.5", "10", "20")),
                "engagement_threshold": self.pick(("0", "5", "10", "10", "20", "30", "60", "1000")),
                "requires_consent": self.flag(0.15),
                "approved_by": "somebody",
            }
            for number, day in enumerate(days)
        ]

    def _groups(self) -> list[TextRow]:
        kinds = {
            "fit": ("demographic", "firmographic", "technographic"),
            "engagement": ("web", "events", "intent"),
        }
        return [
            {
                "score_group": group,
                "kind": kind,
                "min_points": self.pick(("", "-10", "0")),
                "max_points": self.pick(("", "0", "15", "40", "60")),
            }
            for kind, groups in kinds.items()
            for group in groups
            if self.chance(0.8)
        ]

    # data

    def raw(self, worlds: int = 8) -> TextTables:
        """Independent worlds of leads, with ids, domains and e-mails of their own."""
        tables: dict[str, list[TextRow]] = defaultdict(list)
        for world in range(worlds):
            for table, rows in World(self, str(world)).tables().items():
                tables[table] += rows
        tables["exchange_rates"] = [
            {"currency": code, "rate_date": self.moment()[:10], "rate_to_reporting": rate}
            for code in ("USD", "gbp", "gbp", "EUR")
            for rate in ("0.9", "1.25", "0.987654321")
        ]
        present = {name: rows for name, rows in tables.items() if name == "leads" or rows}
        for rows in present.values():
            self.random.shuffle(rows)
        dropped = self.pick(("", "", "", "companies", "consents", "exchange_rates", "campaigns"))
        return {name: rows for name, rows in present.items() if name != dropped}


def _rows(columns: str, rows: str) -> list[TextRow]:
    names = columns.split(",")
    return [dict(zip(names, row.split(","), strict=True)) for row in rows.split(";")]


class World:
    """One group of leads that can meet each other and nobody else."""

    def __init__(self, generator: Generator, name: str) -> None:
        self.of, self.name = generator, name
        count = generator.random.randint(8, 14)
        self.lead_ids = [f"w{name}L{number:02}" for number in range(count)]
        self.domains = (f"acme{name}.com", f"beta{name}.co.uk", f"rival{name}.com")
        self.domains += (f"büro{name}.de", f"werk{name}.kö.de")

    def tables(self) -> TextTables:
        """Every table, with rows of one key repeated now and then."""
        leads, several = len(self.lead_ids), self._several
        return {
            "leads": [
                row
                for lead_id in self.lead_ids
                for row in several(self._lead, (lead_id,), versions=True)
            ],
            "companies": [
                row
                for number in range(4)
                for row in several(self._company, (f"w{self.name}C{number}",), versions=True)
            ],
            "company_technologies": self._many(self._technology, 6, "t"),
            "lead_attributes": self._many(self._attribute, leads * 2, "b"),
            "activities": self._many(self._activity, leads * 6, "a"),
            "intent_signals": self._many(self._signal, 8, "s"),
            "consents": self._many(self._consent, leads * 3 // 2, "c"),
            "dispositions": self._many(self._disposition, leads * 2, "d"),
            "qualification_answers": self._many(self._answer, leads * 3, "q"),
            "opportunities": [
                row
                for number in range(leads // 3)
                for row in several(self._opportunity, (f"w{self.name}o{number}",), versions=True)
            ],
            "campaigns": [
                {
                    "campaign_id": f"w{self.name}c{number}",
                    "lead_source": self.of.source(self.of.pick(SOURCES)),
                }
                for number in range(3)
            ],
            "spend": self._many(self._spend, 10, "x"),
            "experiment_assignments": self._many(self._assignment, 4, "e"),
        }

    def _many(self, draw, count: int, prefix: str) -> list[TextRow]:
        ids = [f"w{self.name}{prefix}{number:03}" for number in range(count)]
        return [row for one in ids for row in self._several(draw, (one,))]

    def _several(self, draw, key: tuple[str, ...], versions: bool = False) -> list[TextRow]:
        count = self.of.pick((1, 1, 2, 3)) if versions else 1 + self.of.chance(0.06)
        rows = [draw(*key) for _ in range(count)]
        rows += rows[:1] if self.of.chance(0.02) else []
        if versions:
            days = [f"2024-03-{2 + index:02}" for index in range(len(rows))]
        else:
            days = [self.of.pick(("2024-03-02", "2024-03-03")) for _ in rows]
        return [row | {"_loaded_at": day} for row, day in zip(rows, days, strict=True)]

    def _lead_id(self) -> str:
        if self.of.chance(0.04):
            return f"w{self.name}nobody"
        lead_id = self.of.pick(self.lead_ids)
        shape = self.of.pick((" {}", "{}.0", '"{}"', "00{}")) if self.of.chance(0.05) else "{}"
        return shape.format(lead_id.lower() if self.of.chance(0.01) else lead_id)

    def _deletion(self) -> str:
        """Rarely true; a later row of the same key mostly takes it back."""
        return self.of.pick(("true", "true", "", "false")) if self.of.chance(0.1) else ""

    def _host(self) -> str:
        domain = self._spelled(self.of.pick(self.domains))
        shape = self.of.pick(("{}", "{}", "www.{}", "https://mail.{}/about", "{}:8080/x", "{}."))
        return shape.format(domain.upper() if self.of.chance(0.1) else domain)

    def _spelled(self, domain: str) -> str:
        """The domain in Unicode, in either normal form, or in ASCII."""
        ascii_form = domain.encode("idna").decode()
        return self.of.pick((domain, ascii_form, unicodedata.normalize("NFD", domain)))

    def _email(self) -> str:
        box = f"{self.of.pick('abcé')}{self.name}{self.of.pick(('', '', '', '', '+test'))}"
        box = self.of.pick((box,) * 8 + ("noemail", "test"))
        domain = self.of.pick(
            (*self.domains, f"mail.{self.domains[1]}", "gmail.com", "mailinator.com", "pöst.de")
        )
        box = unicodedata.normalize(self.of.pick(("NFC", "NFD")), box)
        domain = self._spelled(domain)
        whole = self.of.pick((f"{box}@{domain}",) * 6 + (f" {box.upper()}@{domain} ",))
        return self.of.pick((whole,) * 8 + ("", "n/a", "@x.com"))

    def _lead(self, lead_id: str) -> TextRow:
        of = self.of
        return {
            "lead_id": lead_id,
            "created_at": of.moment(early=of.chance(0.85)),
            "updated_at": of.maybe(of.moment(), 0.7),
            "email": self._email(),
            "first_name": "Ada",
            "phone": of.maybe("123"),
            "job_title": of.pick(TITLES),
            "company_domain": of.maybe(of.pick((self._host(), "gmail.com", " ")), 0.3),
            "country": of.pick(COUNTRIES),
            "lead_source": of.source(of.pick(SOURCES)),
            "campaign_id": of.maybe(f"w{self.name}c{of.random.randint(0, 3)}"),
            "merged_into_lead_id": of.maybe(self._lead_id(), 0.12),
            "is_deleted": of.pick(("", "", "false", "true")) if of.chance(0.3) else "",
        }

    def _company(self, company_id: str) -> TextRow:
        of = self.of
        return {
            "company_id": company_id,
            "domain": self.of.maybe(self._host(), 0.93) if of.chance(0.95) else "gmail.com",
            "updated_at": of.maybe(of.moment(), 0.8),
            "industry": of.pick(INDUSTRIES),
            "employee_count": of.pick(("", "0", "10", "50", "100", "500")),
            "annual_revenue": of.pick(("", "8", "9.999999", "10", "80.004999", "100")),
            "currency": of.pick(("", "EUR", "eur", "usd", "GBP ", "CHF")),
            "growth_rate": of.pick(("", "0.1", "10", "50.5", "-3")),
            "country": of.pick(COUNTRIES),
            "is_deleted": self._deletion(),
        }

    def _technology(self, _: str) -> TextRow:
        return {
            "domain": self._host(),
            "technology": self.of.pick(("Salesforce", "salesforce ", "HubSpot", "Marketo")),
            "detected_at": self.of.maybe(self.of.moment(), 0.7),
        }

    def _attribute(self, _: str) -> TextRow:
        name = self.of.pick((" Pain", "budget", "unused"))
        return {
            "lead_id": self._lead_id(),
            "attribute_name": name,
            "attribute_value": self.of.pick(("high", "LOW", "", *NUMBERS)),
            "captured_at": self.of.moment(),
        }

    def _activity(self, activity_id: str) -> TextRow:
        return {
            "activity_id": activity_id,
            "lead_id": self._lead_id(),
            "activity_type": self.of.pick(ACTIVITY_TYPES),
            "occurred_at": self.of.moment(),
            "campaign_id": self.of.maybe(f"w{self.name}c{self.of.random.randint(0, 3)}"),
            "is_deleted": self._deletion(),
            "lead_source": self.of.source(
                self.of.source_random.choice(("", "", "https://a.com/?newsletter", *SOURCES))
            ),
        }

    def _signal(self, signal_id: str) -> TextRow:
        return {
            "signal_id": signal_id,
            "domain": self.of.maybe(self._host(), 0.8),
            "lead_id": self.of.maybe(self._lead_id(), 0.3),
            "signal_type": self.of.pick(SIGNAL_TYPES),
            "strength": self.of.pick(("", "0.5", "2", "0", "-1")),
            "occurred_at": self.of.moment(),
        }

    def _consent(self, _: str) -> TextRow:
        return {
            "lead_id": self._lead_id(),
            "status": self.of.pick(("Granted ",) * 10 + ("withdrawn", "maybe")),
            "basis": self.of.pick(("Form", "Import", "Purchased ", "Event", "")),
            "occurred_at": self.of.moment(),
        }

    def _disposition(self, disposition_id: str) -> TextRow:
        outcomes = ("Accepted ",) * 7 + ("rejected", "recycled")
        return {
            "disposition_id": disposition_id,
            "lead_id": self._lead_id(),
            "outcome": self.of.pick((*outcomes, "disqualified", "maybe")),
            "occurred_at": self.of.moment(),
        }

    def _answer(self, answer_id: str) -> TextRow:
        framework, criterion = self.of.pick(CRITERIA)
        return {
            "answer_id": answer_id,
            "lead_id": self._lead_id(),
            "framework": "AIDA" if self.of.chance(0.03) else framework,
            "criterion": criterion,
            "is_met": self.of.flag(0.75),
            "assessed_at": self.of.moment(),
        }

    def _opportunity(self, opportunity_id: str) -> TextRow:
        of = self.of
        return {
            "opportunity_id": opportunity_id,
            "lead_id": of.maybe(self._lead_id(), 0.9),
            "status": of.pick(("open", "won", "won", " Won", "lost", "lost", "unsure")),
            "amount": of.pick(("", "0", "100", "70.005", "1.994999")),
            "currency": of.pick(("", "", "EUR", "usd", "gbp", "CHF")),
            "created_at": of.moment(),
            "closed_at": of.maybe(of.moment(), 0.7),
            "updated_at": of.maybe(of.moment(), 0.7),
            "is_deleted": self._deletion(),
        }

    def _spend(self, spend_id: str) -> TextRow:
        of = self.of
        return {
            "spend_id": spend_id,
            "spend_date": of.moment()[:10],
            "amount": of.pick(("10", "0", "10.005", "33.333333", "-5", "-10.005")),
            "currency": of.pick(("", "EUR", "usd", "GBP", "CHF")),
            "lead_source": of.source(of.pick(SOURCES)),
            "campaign_id": of.maybe(f"w{self.name}c{of.random.randint(0, 3)}"),
            "is_refund": of.pick(("", "false", "true", "true")),
            "is_deleted": self._deletion(),
        }

    def _assignment(self, experiment_id: str) -> TextRow:
        return {
            "experiment_id": experiment_id,
            "lead_id": self._lead_id(),
            "variant": "b",
            "assigned_at": self.of.moment(),
        }


def write_tables(directory: Path, tables: TextTables, columns: dict[str, str]) -> Path:
    """Write tables as CSV; those named in `columns` get these columns even when they are empty."""
    directory.mkdir(parents=True)
    for name, rows in tables.items():
        header = columns[name].split(",") if name in columns else list(rows[0])
        with (directory / f"{name}.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, header, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return directory
