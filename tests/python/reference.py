"""The numbers of the design, computed slowly and plainly, to check the models against.

Nothing here is shared with the models: it is written from the two documents of the design alone,
in loops over small lists, so that each rule can be read next to the sentence that it comes from. It
is meant for hundreds of rows, not for more, and takes rows that the loader would land (typed, with
their required columns); an untypable value raises ValueError.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from statistics import median
from typing import Any

Row = dict[str, Any]
Tables = dict[str, list[Row]]

FROM_EVER = datetime.min
STAGES = ("lead", "mql", "sal", "sql", "opportunity", "customer")

# Section 3 of the design: columns in order; a column is text unless it says otherwise.
CONTRACT = {
    "leads": "lead_id created_at:ts updated_at:ts email first_name last_name phone job_title "
    "department company_name company_domain country region lead_source campaign_id landing_page "
    "owner_id merged_into_lead_id is_deleted:bool",
    "companies": "company_id domain updated_at:ts company_name industry employee_count:int "
    "annual_revenue:decimal currency growth_rate:float country is_deleted:bool",
    "company_technologies": "domain technology detected_at:ts",
    "lead_attributes": "lead_id attribute_name attribute_value captured_at:ts form_id",
    "activities": "activity_id lead_id activity_type occurred_at:ts campaign_id asset lead_source "
    "is_deleted:bool",
    "intent_signals": "signal_id domain lead_id topic signal_type strength:float occurred_at:ts",
    "consents": "lead_id status basis occurred_at:ts",
    "dispositions": "disposition_id lead_id outcome reason rep_id occurred_at:ts",
    "qualification_answers": "answer_id lead_id framework criterion is_met:bool evidence "
    "assessed_by assessed_at:ts",
    "opportunities": "opportunity_id lead_id status stage amount:decimal currency created_at:ts "
    "closed_at:ts updated_at:ts company_id is_deleted:bool",
    "campaigns": "campaign_id campaign_name lead_source channel started_at:ts ended_at:ts",
    "spend": "spend_id spend_date:date amount:decimal currency lead_source campaign_id category "
    "is_refund:bool impressions:int clicks:int is_deleted:bool",
    "exchange_rates": "currency rate_date:date rate_to_reporting:decimal",
    "experiment_assignments": "experiment_id lead_id variant assigned_at:ts",
}
VERSIONED = {"leads", "companies", "opportunities"}
# The moment at which a row of the table happened; later than as_of is `future`.
HAPPENED = {
    "leads": "created_at",
    "company_technologies": "detected_at",
    "lead_attributes": "captured_at",
    "activities": "occurred_at",
    "intent_signals": "occurred_at",
    "consents": "occurred_at",
    "dispositions": "occurred_at",
    "qualification_answers": "assessed_at",
    "opportunities": "created_at",
    "spend": "spend_date",
    "exchange_rates": "rate_date",
    "experiment_assignments": "assigned_at",
}
KNOWN_VALUES = {
    "consents": ("status", {"granted", "withdrawn"}),
    "dispositions": ("outcome", {"accepted", "rejected", "recycled", "disqualified"}),
    "qualification_answers": ("framework", {"bant", "meddpicc"}),
    "opportunities": ("status", {"open", "won", "lost"}),
}
# A key of these counts nowhere once its current row is deleted; a deleted lead goes on counting.
DELETABLE = {"companies", "activities", "opportunities", "spend"}
OF_A_LEAD = {
    "lead_attributes",
    "activities",
    "intent_signals",
    "consents",
    "dispositions",
    "qualification_answers",
    "opportunities",
    "experiment_assignments",
}


# ------------------------------------------------------------------------------------------- values


def text(value: Any) -> str | None:
    """Trimmed text; blanks only are null."""
    stripped = "" if value is None else str(value).strip()
    return stripped or None


def folded(value: Any) -> str | None:
    """Text as it is compared: trimmed and in lower case."""
    cleaned = text(value)
    return None if cleaned is None else cleaned.lower()


def timestamp(value: Any) -> datetime | None:
    """A UTC timestamp without zone, from text or a date."""
    cleaned = text(value)
    if cleaned is None:
        return None
    moment = datetime.fromisoformat(cleaned)
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def boolean(value: Any) -> bool | None:
    """True or false from text; ValueError on anything else."""
    cleaned = folded(value)
    if cleaned is None:
        return None
    if cleaned not in {"true", "false", "1", "0", "t", "f", "yes", "no"}:
        raise ValueError("not a boolean")
    return cleaned in {"true", "1", "t", "yes"}


def _typed(kind: str, value: Any) -> Any:
    cleaned = text(value)
    if cleaned is None:
        return None
    readers: dict[str, Callable[[str], Any]] = {
        "text": str,
        "ts": timestamp,
        "date": lambda raw: date.fromisoformat(raw[:10]),
        "bool": boolean,
        "int": int,
        "float": float,
        "decimal": Decimal,
    }
    return readers[kind](cleaned)


def read_directory(directory: Path) -> Tables:
    """Every `<name>.csv` of a directory as a list of rows of text."""
    tables = {}
    for path in sorted(directory.glob("*.csv")):
        with path.open(newline="", encoding="utf-8") as handle:
            tables[path.stem] = list(csv.DictReader(handle))
    return tables


def typed_rows(table: str, rows: Iterable[Row]) -> list[Row]:
    """Rows of a raw table with the types of the contract; absent columns are null."""
    columns = [column.partition(":")[::2] for column in CONTRACT[table].split()]
    return [
        {name: _typed(kind or "text", row.get(name)) for name, kind in columns}
        | {"_loaded_at": timestamp(row.get("_loaded_at"))}
        for row in rows
    ]


def number(value: Any) -> float | None:
    """The finite number that a text spells, else null."""
    cleaned = text(value)
    try:
        result = float(cleaned) if cleaned and "_" not in cleaned else math.nan
    except ValueError:
        return None
    return result if math.isfinite(result) else None


def days(later: datetime, earlier: datetime) -> float:
    """Fractional days between two moments."""
    return (later - earlier).total_seconds() / 86400


def to_cent(amount: Decimal) -> Decimal:
    """Rounded to the cent, half up."""
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def month_of(moment: datetime | date) -> date:
    """First day of the calendar month."""
    return date(moment.year, moment.month, 1)


def next_month(month: date) -> datetime:
    """The moment at which a month ends."""
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1)


def ratio(above: float | Decimal, below: float | Decimal) -> float | None:
    """A quotient, null over zero."""
    return None if below == 0 else float(above) / float(below)


def ascii_domain(name: str) -> str:
    """`münchen.de` becomes `xn--mnchen-3ya.de`, in either normal form; ASCII stays as it is."""
    labels = unicodedata.normalize("NFC", name).split(".")
    return ".".join(
        one if one.isascii() else f"xn--{one.encode('punycode').decode()}" for one in labels
    )


def registrable_domain(value: Any, suffixes: set[str]) -> str | None:
    """`https://mail.acme.co.uk:80/x` becomes `acme.co.uk`."""
    host = folded(value)
    if host is None:
        return None
    host = host.split("://", 1)[-1]
    for separator in "/?#:":
        host = host.split(separator, 1)[0]
    labels = [label for label in ascii_domain(host.rstrip(".")).split(".") if label]
    if not labels:
        return None
    longest = max(n for n in range(1, len(labels) + 1) if _is_suffix(labels[-n:], suffixes))
    return ".".join(labels[-(longest + 1) :])


def _is_suffix(labels: list[str], suffixes: set[str]) -> bool:
    """Whether labels are a public suffix; the list's own notation has `*.ck` and `!www.ck`."""
    name, any_child = ".".join(labels), ".".join(["*", *labels[1:]])
    is_listed = name in suffixes or (len(labels) > 1 and any_child in suffixes)
    return len(labels) == 1 or (is_listed and f"!{name}" not in suffixes)


def email_of(value: Any) -> str | None:
    """A normalised e-mail, null where one side of the last @ is empty."""
    cleaned = folded(value)
    if cleaned is None:
        return None
    local, at, domain = cleaned.rpartition("@")
    if not (at and local.strip() and domain.strip()):
        return None
    return f"{unicodedata.normalize('NFC', local)}@{ascii_domain(domain)}"


# ------------------------------------------------------------------------------------------- policy


@dataclass(frozen=True)
class Rule:
    """A row of a rule seed; what a kind of rule lacks is null."""

    rule_id: str
    group: str = ""
    points: float = 0.0
    attribute: str = ""
    comparison: str = ""
    value: str | None = None
    activity_type: str = ""
    half_life: float | None = None
    cap: float | None = None
    is_hand_raise: bool = False
    is_direct_contact: bool = False
    is_touch: bool = False
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def is_valid(self, moment: datetime) -> bool:
        """valid_from <= moment < valid_to, null is open."""
        return (self.valid_from is None or self.valid_from <= moment) and (
            self.valid_to is None or moment < self.valid_to
        )


@dataclass(frozen=True)
class PolicyVersion:
    """A row of qualification_policy."""

    version: str
    valid_from: datetime
    fit_hurdle: float
    engagement_threshold: float
    requires_consent: bool


def _rule(row: Row) -> Rule:
    return Rule(
        rule_id=text(row["rule_id"]) or "",
        group=text(row.get("score_group") or row.get("dimension")) or "",
        points=float(row.get("points") or 0),
        attribute=folded(row.get("attribute_name")) or "",
        comparison=folded(row.get("comparison")) or "",
        value=folded(row.get("rule_value")),
        activity_type=folded(row.get("activity_type")) or "",
        half_life=number(row.get("half_life_days")),
        cap=number(row.get("max_points")),
        is_hand_raise=boolean(row.get("is_hand_raise")) or False,
        is_direct_contact=boolean(row.get("is_direct_contact")) or False,
        is_touch=boolean(row.get("is_touch")) or False,
        valid_from=timestamp(row.get("valid_from")),
        valid_to=timestamp(row.get("valid_to")),
    )


class Policy:
    """The seeds, typed."""

    def __init__(self, seeds: Tables) -> None:
        self.fit_rules = [_rule(row) for row in seeds.get("fit_rules", [])]
        self.activity_rules = [_rule(row) for row in seeds.get("activity_rules", [])]
        self.exclusion_rules = [_rule(row) for row in seeds.get("exclusion_rules", [])]
        self.bounds = {
            (folded(row["kind"]), text(row["score_group"])): (
                number(row["min_points"]),
                number(row["max_points"]),
            )
            for row in seeds.get("score_groups", [])
        }
        self.bands = [
            (folded(row["kind"]), text(row["band"]), float(row["min_score"]))
            for row in seeds.get("score_bands", [])
        ]
        self.versions = sorted(
            (
                PolicyVersion(
                    version=text(row["version"]) or "",
                    valid_from=timestamp(row["valid_from"]) or FROM_EVER,
                    fit_hurdle=float(row["fit_hurdle"]),
                    engagement_threshold=float(row["engagement_threshold"]),
                    requires_consent=boolean(row["requires_consent"]) or False,
                )
                for row in seeds["qualification_policy"]
            ),
            key=lambda version: version.valid_from,
        )
        self.criteria = {
            (folded(row["framework"]), folded(row["criterion"])): boolean(row["is_required"])
            for row in seeds.get("qualification_criteria", [])
        }
        self.minimum_met: dict[str | None, float] = defaultdict(float)
        for row in seeds.get("qualification_criteria", []):
            framework = folded(row["framework"])
            minimum = number(row.get("minimum_met")) or 0
            self.minimum_met[framework] = max(self.minimum_met[framework], minimum)
        self.source_map = sorted(
            seeds.get("lead_source_map", []), key=lambda row: float(row["priority"])
        )
        self.suffixes = {
            ascii_domain((folded(row["suffix"]) or "").strip("."))
            for row in seeds.get("public_suffixes", [])
        }
        self.exclusion_rules = [self._of_domains(rule) for rule in self.exclusion_rules]
        given = [row["email"] for row in seeds.get("placeholder_emails", [])]
        self.placeholders = {email_of(email) or folded(email) for email in given}
        self.free = self._domains(seeds.get("free_email_domains", []))
        self.disposable = self._domains(seeds.get("disposable_email_domains", []))

    def _domains(self, rows: list[Row]) -> set[str | None]:
        return {registrable_domain(row["domain"], self.suffixes) for row in rows}

    def _of_domains(self, rule: Rule) -> Rule:
        """An exclusion of domains with registrable ones; what begins with a dot is an end."""
        if rule.attribute != "domain" or rule.value is None:
            return rule
        parts = rule.value.split("|") if rule.comparison == "in" else [rule.value]
        whole = [
            ascii_domain(part.strip())
            if rule.comparison == "contains" and part.startswith(".")
            else registrable_domain(part, self.suffixes) or ""
            for part in parts
        ]
        return replace(rule, value="|".join(whole) or None)

    def is_placeholder(self, email: str) -> bool:
        """Whether a normalised e-mail is one that many people give: it joins nobody."""
        local, _, domain = email.rpartition("@")
        return f"{local}@" in self.placeholders or f"{local}@{domain}" in self.placeholders

    def at(self, moment: datetime) -> PolicyVersion:
        """The policy valid at a moment; the first also holds before its valid_from."""
        begun = [version for version in self.versions if version.valid_from <= moment]
        return begun[-1] if begun else self.versions[0]

    def boundaries(self) -> set[datetime]:
        """Every moment at which a rule or the policy changes."""
        rules = self.fit_rules + self.activity_rules + self.exclusion_rules
        moments = {rule.valid_from for rule in rules} | {rule.valid_to for rule in rules}
        return {m for m in moments if m is not None} | {v.valid_from for v in self.versions}

    def activity_rule(self, activity_type: str | None, moment: datetime) -> Rule | None:
        """The rule of an activity type that is valid at the event."""
        for rule in self.activity_rules:
            if rule.activity_type == activity_type and rule.is_valid(moment):
                return rule
        return None

    def band(self, kind: str, score: float) -> str | None:
        """The band with the greatest min_score at or below the score."""
        reached = [(low, band) for k, band, low in self.bands if k == kind and low <= score]
        return max(reached)[1] if reached else None

    def source(self, raw: str | None) -> str:
        """A raw source through lead_source_map, else by both of its parts; else `unknown`."""
        return self.known_source(raw) or "unknown"

    def known_source(self, raw: str | None) -> str | None:
        """None where nobody has mapped a raw source; the first match by priority wins."""
        for row in self.source_map:
            if raw and matches(folded(row["comparison"]) or "", folded(row["raw_value"]), [raw]):
                return text(row["lead_source"]) or "unknown"
        parts = source_parts(folded(raw) or "")
        return SOURCE_OF_CHANNEL.get(channel_of(*parts)) if parts else None


def _matches_one(comparison: str, rule_value: str | None, value: str) -> bool | None:
    if comparison in {"between", "at_least", "at_most"}:
        actual = number(value)
        if actual is None:
            return None
        bounds = [number(part) for part in (rule_value or "").split("|")]
        if any(bound is None for bound in bounds):
            return False
        low, high = bounds[0], bounds[-1]
        if comparison == "at_most":
            return actual <= high
        return low <= actual and (comparison == "at_least" or actual <= high)
    if rule_value is None:
        return False
    if comparison == "contains":
        return rule_value in value
    parts = [part.strip() for part in rule_value.split("|")] if comparison == "in" else [rule_value]
    return any(
        part == value or (number(part) is not None and number(part) == number(value))
        for part in parts
        if part
    )


def matches(comparison: str, rule_value: str | None, values: Iterable[Any]) -> bool | None:
    """Whether any of the values meets a rule; null where they are unknown."""
    known = [value for value in map(folded, values) if value is not None]
    if comparison == "is_missing":
        return not known
    results = [_matches_one(comparison, rule_value, value) for value in known]
    if any(results):
        return True
    return None if all(result is None for result in results) else False


# ------------------------------------------------------------------------------------------ staging


@dataclass
class Staging:
    """What staging keeps of the raw rows, and what became of the others.

    current: table -> its current rows that no one quarantined
    versions: table -> key -> [(in force from, row)], oldest first; the first always holds
    """

    as_of: datetime
    currency: str
    suffixes: set[str]
    current: Tables = field(default_factory=dict)
    versions: dict[str, dict[tuple, list[tuple[datetime, Row]]]] = field(default_factory=dict)
    quarantined: Counter = field(default_factory=Counter)
    near_misses: Counter = field(default_factory=Counter)
    held_back: dict[tuple[str, str], list[Decimal]] = field(default_factory=dict)
    accounting: list[Row] = field(default_factory=list)
    rates: dict[str, list[tuple[date, Decimal]]] = field(default_factory=dict)

    def key(self, table: str, row: Row) -> tuple:
        """The key of a row, in the form in which keys compare."""
        if table == "company_technologies":
            domain = registrable_domain(row["domain"], self.suffixes)
            return domain, folded(row["technology"]), row["detected_at"]
        if table == "lead_attributes":
            return row["lead_id"], folded(row["attribute_name"]), row["captured_at"]
        if table == "consents":
            return row["lead_id"], row["occurred_at"]
        if table == "exchange_rates":
            return row["currency"].upper(), row["rate_date"]
        if table == "experiment_assignments":
            return row["experiment_id"], row["lead_id"]
        return (next(iter(row.values())),)

    def is_future(self, table: str, row: Row) -> bool:
        """Whether the row happened after as_of; a day begins at midnight."""
        moment = row[HAPPENED[table]] if table in HAPPENED else None
        if moment is not None and not isinstance(moment, datetime):
            moment = datetime(moment.year, moment.month, moment.day)
        return moment is not None and moment > self.as_of

    def rate(self, currency: str | None, day: date | None) -> Decimal | None:
        """Reporting currency per unit on a day; on no day the first rate there is."""
        code = (currency or self.currency).upper()
        if code == self.currency:
            return Decimal(1)
        known = self.rates.get(code, [])
        usable = known[:1] if day is None else [pair for pair in known if pair[0] <= day][-1:]
        return usable[0][1] if usable else None

    def reason(self, table: str, row: Row, lead_ids: set[str]) -> str | None:
        """Why the current row of a key is quarantined, null when it is not."""
        if self.is_future(table, row):
            return "future"
        column, known = KNOWN_VALUES.get(table, ("", set()))
        if column and folded(row[column]) not in known:
            return "unknown_value"
        if table in OF_A_LEAD and row["lead_id"] is not None and row["lead_id"] not in lead_ids:
            return "unknown_lead"
        if table == "opportunities" and row["lead_id"] is None:
            return "no_lead"
        if table == "intent_signals" and row["lead_id"] is None:
            domain = registrable_domain(row["domain"], self.suffixes)
            return "no_lead_or_domain" if domain is None else None
        if table == "spend":
            return self._spend_reason(row)
        return self._win_reason(row) if table == "opportunities" else None

    def hold_back(self, table: str, row: Row, reason: str) -> None:
        """Note the amount of the current row of a quarantined key, where a rate is known."""
        if table not in {"opportunities", "spend"}:
            return
        day = row["spend_date"] if table == "spend" else closed_at(row).date()
        rate = self.rate(row["currency"], day)
        if rate is not None and row["amount"] is not None:
            self.held_back.setdefault((table, reason), []).append(to_cent(row["amount"] * rate))

    def _win_reason(self, row: Row) -> str | None:
        # A win that lies ahead is not visible yet, so it needs no rate yet.
        is_won = folded(row["status"]) == "won" and closed_at(row) <= self.as_of
        if not is_won or row["amount"] is None:
            return None
        return None if self.rate(row["currency"], closed_at(row).date()) else "missing_rate"

    def _spend_reason(self, row: Row) -> str | None:
        if row["amount"] < 0 and not row["is_refund"]:
            return "negative_spend"
        return None if self.rate(row["currency"], row["spend_date"]) else "missing_rate"


def is_near_miss(lead_id: str, lead_ids: set[str]) -> bool:
    """Whether an unknown lead id is that of a known lead in another spelling."""

    def spelled(one: str) -> str:
        bare = one.strip("\"' ").lower()
        whole, dot, zeros = bare.rpartition(".")
        is_whole_number = dot and zeros and not zeros.strip("0")
        return (whole if is_whole_number else bare).lstrip("0")

    def are_of_salesforce(one: str, other: str) -> bool:
        return {len(one), len(other)} <= {15, 18} and one[:15] == other[:15]

    return any(
        (spelled(lead_id) and spelled(lead_id) == spelled(known))
        or are_of_salesforce(lead_id, known)
        for known in lead_ids
    )


def closed_at(opportunity: Row) -> datetime:
    """When a won or lost opportunity was closed."""
    return opportunity["closed_at"] or opportunity["updated_at"] or opportunity["created_at"]


def _version_time(table: str, row: Row) -> datetime:
    if table not in VERSIONED:
        return FROM_EVER
    return row["updated_at"] or row.get("created_at") or FROM_EVER


def _order(row: Row) -> tuple:
    """Decides between rows of one key and version time: load, then every column, null first."""
    columns = [value for name, value in row.items() if name != "_loaded_at"]
    # The loader gives rows without _loaded_at its own time, which is later than what files say.
    loaded_at = row["_loaded_at"] or datetime.max
    return (loaded_at, *((value is not None, 0 if value is None else value) for value in columns))


def stage(raw: Tables, as_of: datetime, currency: str, suffixes: set[str]) -> Staging:
    """Deduplicate, judge and count every raw table."""
    staging = Staging(as_of, currency, suffixes)
    first = ["exchange_rates", "leads"]
    for table in first + [table for table in CONTRACT if table not in first]:
        lead_ids = {row["lead_id"] for row in staging.current.get("leads", [])}
        _stage_table(staging, table, typed_rows(table, raw.get(table, [])), lead_ids)
        if table == "exchange_rates":
            for row in sorted(staging.current[table], key=lambda row: row["rate_date"]):
                pair = (row["rate_date"], row["rate_to_reporting"])
                staging.rates.setdefault(row["currency"].upper(), []).append(pair)
    return staging


def _stage_table(staging: Staging, table: str, rows: list[Row], lead_ids: set[str]) -> None:
    keys: dict[tuple, dict[datetime, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        keys[staging.key(table, row)][_version_time(table, row)].append(row)
    versions, reasons, superseded, quarantined, deleted = {}, {}, 0, 0, 0
    for key, by_time in keys.items():
        times = sorted(by_time)
        kept = [time for time in times if time <= staging.as_of or time == times[0]]
        superseded += sum(len(same) - 1 for same in by_time.values())
        staging.quarantined[table, "future"] += len(times) - len(kept)
        quarantined += len(times) - len(kept)
        in_force = [(time, max(by_time[time], key=_order)) for time in kept]
        if table in DELETABLE and in_force[-1][1]["is_deleted"]:
            deleted += len(in_force)
            continue
        versions[key] = in_force
        reasons[key] = staging.reason(table, versions[key][-1][1], lead_ids)
    if table == "leads":
        _find_circles(versions, reasons)
    for key, reason in reasons.items():
        if reason:
            staging.quarantined[table, reason] += len(versions[key])
            staging.hold_back(table, versions[key][-1][1], reason)
            if reason == "unknown_lead":
                is_near = is_near_miss(versions[key][-1][1]["lead_id"], lead_ids)
                staging.near_misses[table] += len(versions[key]) * is_near
            quarantined += len(versions[key])
    staging.versions[table] = {key: rows for key, rows in versions.items() if not reasons[key]}
    staging.current[table] = [rows[-1][1] for rows in staging.versions[table].values()]
    staged = sum(len(rows) for rows in staging.versions[table].values())
    staging.accounting.append(
        {
            "table_name": table,
            "row_count": len(rows),
            "staged": staged,
            "superseded": superseded,
            "quarantined": quarantined,
            "deleted": deleted,
        }
    )


def _merge_target(lead: Row, leads: dict[str, Row]) -> str | None:
    """The lead that this one folds into; a merge into itself or an unknown lead is none."""
    target = lead["merged_into_lead_id"]
    return target if target in leads and target != lead["lead_id"] else None


def _find_circles(versions: dict, reasons: dict) -> None:
    leads = {key[0]: rows[-1][1] for key, rows in versions.items() if not reasons[key]}
    for lead_id in leads:
        seen, at = set(), lead_id
        while at is not None and at not in seen:
            seen.add(at)
            at = _merge_target(leads[at], leads)
        if at is not None:
            reasons[(lead_id,)] = "merge_cycle"


# ----------------------------------------------------------------------------------------- identity


@dataclass
class Lead:
    """A surviving lead with all that is pooled over its group."""

    lead_id: str
    created_at: datetime
    versions: list[tuple[datetime, Row]]
    members: set[str]

    def at(self, moment: datetime) -> Row:
        """The version current at a moment; the first always holds."""
        return _version_at(self.versions, moment)

    @property
    def now(self) -> Row:
        """The current version."""
        return self.versions[-1][1]


def _version_at(versions: list[tuple[datetime, Row]], moment: datetime) -> Row:
    begun = [row for time, row in versions if time <= moment]
    return begun[-1] if begun else versions[0][1]


def resolve_identity(staging: Staging, policy: Policy) -> tuple[list[Lead], list[Row]]:
    """Surviving leads, and the rows of bridge_lead_identity."""
    leads = {row["lead_id"]: row for row in staging.current["leads"]}
    merged: dict[str, set[str]] = defaultdict(set)
    for lead_id in leads:
        survivor = lead_id
        while (target := _merge_target(leads[survivor], leads)) is not None:
            survivor = target
        merged[survivor].add(lead_id)

    def born(survivor: str) -> tuple[datetime, str]:
        return min(leads[member]["created_at"] for member in merged[survivor]), survivor

    by_email: dict[str, list[str]] = defaultdict(list)
    for survivor in merged:
        email = email_of(leads[survivor]["email"])
        is_shared = email is not None and not policy.is_placeholder(email)
        is_shared = is_shared and not leads[survivor]["is_deleted"]
        same = f"e-mail {email}" if is_shared else survivor
        by_email[same].append(survivor)
    survivors, bridge = [], []
    for group in by_email.values():
        survivor = min(group, key=born)
        members = set().union(*(merged[one] for one in group))
        created_at = min(leads[member]["created_at"] for member in members)
        survivors.append(
            Lead(survivor, created_at, staging.versions["leads"][(survivor,)], members)
        )
        for member in members:
            reason = "email" if member in merged else "merge"
            reason = "self" if member == survivor else reason
            bridge.append({"lead_id": member, "survivor_lead_id": survivor, "reason": reason})
    return survivors, bridge


# ------------------------------------------------------------------------------------------ sources

PROJECT = Path(__file__).resolve().parents[2]
with (PROJECT / "seeds" / "source_categories.csv").open(newline="", encoding="utf-8") as _list:
    CATEGORY_OF = {row["source"]: row["source_category"] for row in csv.DictReader(_list)}

# The channels of GA4 and four that it lacks, in the names of the project.
SOURCE_OF_CHANNEL = {
    "Direct": "direct",
    "Cross-network": "other_paid",
    "Paid Shopping": "paid_search",
    "Paid Search": "paid_search",
    "Paid Social": "paid_social",
    "Paid Video": "paid_social",
    "Display": "display",
    "Paid Other": "other_paid",
    "Organic Shopping": "organic_search",
    "Organic Social": "organic_social",
    "Organic Video": "organic_social",
    "Organic Search": "organic_search",
    "Referral": "referral",
    "Email": "email",
    "Affiliates": "partner",
    "Audio": "other_paid",
    "SMS": "other",
    "Mobile Push Notifications": "other",
    "Event": "event",
    "Unassigned": "unknown",
}
PAID_MEDIUM = re.compile(
    ".*(cp|paid).*|ppc|retargeting|remarketing|sem|ads?|adwords|sponsored|boosted"
)
SOCIAL_MEDIUM = re.compile("(organic[ _-])?social|social[ _-]media|social[ -]network|sm")
EMAIL = re.compile("e[ _-]?mail")
SITE_NAME = re.compile(r"([^.]+)\.(com?\.)?[^.]+")


def source_parts(raw: str) -> tuple[str, str, str] | None:
    """Source, medium and campaign of a folded raw value; None of a word that has no parts."""
    if "/" not in raw and "." not in raw:
        return None
    is_whole = " / " in raw or "://" in raw
    source, medium, campaign, *_ = [
        part.strip() for part in raw.split(" / " if is_whole else "/") + ["", ""]
    ]
    host = re.sub("^[a-z][a-z0-9+.-]*://", "", source)
    host = re.sub("(:[0-9]*)?[.]*$", "", re.split("[/?#]", host)[0])
    return host.removeprefix("www."), medium, campaign


def category_of(source: str) -> str | None:
    """Category of a source as it is listed, else of the name that a site has in each country."""
    name = SITE_NAME.fullmatch(source)
    return CATEGORY_OF.get(source) or (CATEGORY_OF.get(name[1]) if name else None)


def channel_of(source: str, medium: str, campaign: str) -> str | None:
    """The default channel group of GA4, by its rules in its order; docs/decisions/identity.md."""
    category, is_paid = category_of(source), PAID_MEDIUM.fullmatch(medium) is not None
    if source in {"(direct)", "direct"}:
        return "Direct"
    if "cross-network" in campaign:
        return "Cross-network"
    if is_paid and category:
        return f"Paid {category.title()}"
    if medium in {"display", "banner", "expandable", "interstitial", "cpm", "programmatic"}:
        return "Display"
    if medium == "sem" or re.fullmatch("paid[ _-]?search", medium):
        return "Paid Search"
    if re.fullmatch("paid[ _-]?social", medium):
        return "Paid Social"
    if is_paid:
        return "Paid Other"
    if category == "shopping":
        return "Organic Shopping"
    if category == "social" or SOCIAL_MEDIUM.fullmatch(medium):
        return "Organic Social"
    if category == "video" or "video" in medium:
        return "Organic Video"
    if category == "search" or re.fullmatch("organic([ _-]search)?|seo", medium):
        return "Organic Search"
    if medium in {"referral", "app", "link", "ai"}:
        return "Referral"
    if EMAIL.fullmatch(source) or EMAIL.fullmatch(medium) or medium in {"newsletter", "mail"}:
        return "Email"
    if re.fullmatch("affiliates?|partners?|reseller", medium):
        return "Affiliates"
    if medium in {"audio", "podcast", "radio", "tv", "print", "ooh", "dooh"}:
        return "Audio"
    if re.fullmatch("events?|webinar|trade[ -]?show|conference", medium):
        return "Event"
    if source == "sms" or medium in {"sms", "text"}:
        return "SMS"
    if source == "firebase" or re.search("push|mobile|notification", medium):
        return "Mobile Push Notifications"
    if "shopping" in campaign:
        return "Organic Shopping"
    nothing = "unknown|n|null|undefined|not set|[(](not set|none|not provided|other)[)]"
    return "Unassigned" if re.fullmatch(f"{nothing}|[(]data not available[)]", source) else None


# ------------------------------------------------------------------------------------------ scoring


@dataclass(frozen=True)
class Event:
    """A scored activity or intent signal of a lead; strength multiplies the points."""

    at: datetime
    rule: Rule
    strength: float = 1.0
    activity_id: str | None = None
    campaign_id: str | None = None
    lead_source: str | None = None  # raw, as an activity names it


@dataclass
class Score:
    """A score with the ledger rows that add up to it."""

    value: float
    ledger: list[Row]
    unknown_count: int = 0


def clamp(low: float | None, high: float | None, value: float) -> float:
    """The value inside its bounds, null is open."""
    if low is not None and value < low:
        return low
    return high if high is not None and value > high else value


def decayed(events: Iterable[Event], moment: datetime) -> float:
    """S_r(t): the points of the events of one rule, each halved once per half-life of its age."""
    total = 0.0
    for event in events:
        half_life = event.rule.half_life
        factor = 1.0 if half_life is None else 2.0 ** (-days(moment, event.at) / half_life)
        total += event.rule.points * event.strength * factor
    return total


def add_up(
    kind: str, entries: list[Row], bounds: dict[tuple[str | None, str | None], tuple]
) -> Score:
    """Clamp the entries per group and in total; what a clamp removes is a ledger row of its own."""
    ledger, total = list(entries), 0.0
    for group in sorted({entry["score_group"] for entry in entries}):
        points = sum(e["capped_points"] for e in entries if e["score_group"] == group)
        kept = clamp(*bounds.get((kind, group), (None, None)), points)
        if kept != points:
            ledger.append(_clamp_row(kind, group, f"clamp:{group}", kept - points))
        total += kept
    score = clamp(0.0, 100.0, total)
    if score != total:
        ledger.append(_clamp_row(kind, None, "clamp:total", score - total))
    return Score(round(score, 6), ledger)


def _clamp_row(kind: str, group: str | None, rule_id: str, points: float) -> Row:
    return _ledger_row(kind, group, rule_id, None, None, None, points)


def _ledger_row(
    kind: str,
    group: str | None,
    rule_id: str,
    count: int | None,
    raw: float | None,
    decayed_points: float | None,
    capped: float,
) -> Row:
    return {
        "score_kind": kind,
        "score_group": group,
        "rule_id": rule_id,
        "event_count": count,
        "raw_points": raw,
        "decayed_points": decayed_points,
        "capped_points": capped,
    }


def engagement_of(
    events: Iterable[Event],
    moment: datetime,
    bounds: dict[tuple[str | None, str | None], tuple],
) -> Score:
    """The engagement score of events that are all at or before the moment."""
    by_rule: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        by_rule[event.rule.rule_id].append(event)
    entries = []
    for rule_id, same in sorted(by_rule.items()):
        rule, sum_at = same[0].rule, decayed(same, moment)
        capped = sum_at if rule.cap is None else clamp(-rule.cap, rule.cap, sum_at)
        raw = sum(rule.points * event.strength for event in same)
        entries.append(
            _ledger_row("engagement", rule.group, rule_id, len(same), raw, sum_at, capped)
        )
    return add_up("engagement", entries, bounds)


# ---------------------------------------------------------------------------------------- lifecycle


@dataclass
class Episode:
    """start < t <= end; a reopened one covers its start too. Stage times are real or null."""

    number: int
    start: datetime | None = None
    is_reopened: bool = False
    end: datetime | None = None
    closing: str | None = None
    mql_at: datetime | None = None
    mql_trigger: str | None = None
    sal_at: datetime | None = None
    sql_at: datetime | None = None
    sql_trigger: str | None = None
    contact_at: datetime | None = None
    opportunities: list[Row] = field(default_factory=list)
    opportunity_at: datetime | None = None
    customer_at: datetime | None = None

    def has_begun(self, moment: datetime) -> bool:
        """Whether the moment is after the start (or at it, where that counts)."""
        return (
            self.start is None or self.start < moment or (self.is_reopened and self.start == moment)
        )

    def covers(self, moment: datetime) -> bool:
        """Whether the moment is in the episode."""
        return self.has_begun(moment) and (self.end is None or moment <= self.end)

    @property
    def stage_times(self) -> dict[str, datetime | None]:
        """Times of the stages after `lead`."""
        return {stage: getattr(self, f"{stage}_at") for stage in STAGES[1:]}


CLOSING = ("disqualified", "rejected", "recycled")


def episodes_of(dispositions: list[Row], hand_raises: set[datetime]) -> list[Episode]:
    """Walk through closings and hand-raises in time order."""
    closings = defaultdict(set)
    for row in dispositions:
        if folded(row["outcome"]) in CLOSING:
            closings[row["occurred_at"]].add(folded(row["outcome"]))
    episodes = [Episode(1)]
    for moment in sorted(set(closings) | hand_raises):
        last = episodes[-1]
        in_limbo = last.end is not None
        if in_limbo and moment in hand_raises and moment > last.end:
            last = Episode(last.number + 1, moment, is_reopened=True)
            episodes.append(last)
            in_limbo = False
        if not in_limbo and moment in closings:
            last.end = moment
            last.closing = next(outcome for outcome in CLOSING if outcome in closings[moment])
            if last.closing != "disqualified":
                episodes.append(Episode(last.number + 1, moment))
    return episodes


class World:
    """Staged rows and policy, and the facts of every lead computed from them."""

    def __init__(self, raw: Tables, seeds: Tables, as_of: datetime, currency: str) -> None:
        self.as_of = as_of
        self.policy = Policy(seeds)
        self.staging = stage(raw, as_of, currency, self.policy.suffixes)
        self.leads, self.bridge = resolve_identity(self.staging, self.policy)
        self.campaigns = {row["campaign_id"]: row for row in self.staging.current["campaigns"]}
        self.lives = [Life(self, lead) for lead in sorted(self.leads, key=lambda x: x.lead_id)]

    def domain(self, value: Any) -> str | None:
        """Registrable domain under the suffixes of the policy."""
        return registrable_domain(value, self.policy.suffixes)

    def email_domain(self, lead: Row) -> str | None:
        """Registrable domain of a lead's e-mail, of any kind."""
        email = email_of(lead["email"])
        return None if email is None else self.domain(email.rpartition("@")[2])

    def lead_domain(self, lead: Row) -> str | None:
        """The domain that finds a lead's company, technologies and intent."""
        own = self.domain(lead["company_domain"])
        if own is not None:
            return own
        mail = self.email_domain(lead)
        return None if mail in self.policy.free else mail

    def raw_source(self, row: Row) -> str | None:
        """Raw source of a lead, a touch or a spend row: its own, else its campaign's."""
        campaign = self.campaigns.get(row["campaign_id"])
        return row["lead_source"] or (campaign["lead_source"] if campaign else None)

    def source(self, row: Row) -> str:
        """Source of a lead, a touch or a spend row."""
        return self.policy.source(self.raw_source(row))

    def company(self, domain: str | None, moment: datetime) -> Row | None:
        """The company that has a domain at a moment; of several the smallest id."""
        if domain is None:
            return None
        current = [
            _version_at(versions, moment)
            for versions in self.staging.versions["companies"].values()
        ]
        having = [row for row in current if self.domain(row["domain"]) == domain]
        return min(having, key=lambda row: row["company_id"]) if having else None

    def revenue(self, company: Row) -> Decimal | None:
        """Annual revenue of a company in the reporting currency."""
        day = company["updated_at"].date() if company["updated_at"] else None
        rate = self.staging.rate(company["currency"], day)
        if company["annual_revenue"] is None or rate is None:
            return None
        return to_cent(company["annual_revenue"] * rate)


class Life:
    """All that is known of one surviving lead."""

    def __init__(self, world: World, lead: Lead) -> None:
        self.world, self.lead, self.policy = world, lead, world.policy
        self.as_of = world.as_of
        self.consents = self._own("consents")
        self.attributes = self._own("lead_attributes")
        self.dispositions = self._own("dispositions")
        self.answers = self._own("qualification_answers")
        self.opportunities = self._own("opportunities")
        self.events = self._activities() + self._signals()
        self.change_points = self._find_change_points()
        raises = {event.at for event in self.events if event.rule.is_hand_raise}
        self.episodes = [
            episode
            for episode in episodes_of(self.dispositions, raises)
            if episode.has_begun(self.as_of)
        ]
        self._place_opportunities()
        self._find_mqls()
        for episode in self.episodes:
            self._find_stages(episode)

    # what happened

    def _own(self, table: str) -> list[Row]:
        rows = self.world.staging.current[table]
        return [row for row in rows if row["lead_id"] in self.lead.members]

    def _activities(self) -> list[Event]:
        events = []
        for row in self._own("activities"):
            rule = self.policy.activity_rule(folded(row["activity_type"]), row["occurred_at"])
            if rule is not None:
                # An address is kept without what it asks for, in which anything may stand.
                source = row["lead_source"]
                source = re.split("[?#]", source)[0] if source and "://" in source else source
                named = (row["activity_id"], row["campaign_id"], source)
                events.append(Event(row["occurred_at"], rule, 1.0, *named))
        return events

    def _signals(self) -> list[Event]:
        events = []
        for row in self.world.staging.current["intent_signals"]:
            rule = self.policy.activity_rule(
                f"intent_{folded(row['signal_type'])}", row["occurred_at"]
            )
            if rule is not None and row["signal_type"] and self._is_mine(row):
                strength = 1.0 if row["strength"] is None else row["strength"]
                events.append(Event(row["occurred_at"], rule, strength))
        return events

    def _is_mine(self, signal: Row) -> bool:
        if signal["lead_id"] is not None:
            return signal["lead_id"] in self.lead.members
        mine = self.world.lead_domain(self.lead.at(signal["occurred_at"]))
        return mine is not None and mine == self.world.domain(signal["domain"])

    # change points

    def _find_change_points(self) -> dict[datetime, set[str]]:
        """Moment -> kinds of change, from creation to as_of."""
        created = self.lead.created_at
        moments: list[tuple[datetime, str]] = [(created, "creation")]
        moments += [(max(event.at, created), "activity") for event in self.events]
        moments += [(moment, "fit") for moment in self._fit_changes()]
        moments += [(row["occurred_at"], "consent") for row in self.consents]
        moments += [(moment, "policy") for moment in self.policy.boundaries()]
        kinds: dict[datetime, set[str]] = defaultdict(set)
        for moment, kind in moments:
            if created <= moment <= self.as_of:
                kinds[moment].add(kind)
        return dict(sorted(kinds.items()))

    def _fit_changes(self) -> Iterable[datetime]:
        yield from (time for time, _ in self.lead.versions[1:])
        yield from (row["captured_at"] for row in self.attributes)
        for versions in self.world.staging.versions["companies"].values():
            for (_, before), (time, after) in zip(versions, versions[1:], strict=False):
                domains = {self.world.domain(row["domain"]) for row in (before, after)}
                if self._domain_at(time) in domains - {None}:
                    yield time
        for row in self.world.staging.current["company_technologies"]:
            found = row["detected_at"]
            if found and self._domain_at(found) == self.world.domain(row["domain"]) is not None:
                yield found

    def _domain_at(self, moment: datetime) -> str | None:
        return self.world.lead_domain(self.lead.at(moment))

    # fit

    def values(self, name: str, moment: datetime) -> list[Any]:
        """The known values of an attribute at a moment; none when it is unknown."""
        lead = self.lead.at(moment)
        domain = self.world.lead_domain(lead)
        if name in lead and name != "_loaded_at":
            return [lead[name]]
        if name == "email_domain_type":
            return [self._email_domain_type(lead)]
        if name == "technology":
            return [
                row["technology"]
                for row in self.world.staging.current["company_technologies"]
                if domain is not None
                and self.world.domain(row["domain"]) == domain
                and (row["detected_at"] is None or row["detected_at"] <= moment)
            ]
        if name.removeprefix("company_") in (
            "industry",
            "employee_count",
            "annual_revenue",
            "growth_rate",
            "country",
        ) and name.startswith("company_"):
            company = self.world.company(domain, moment)
            if company is None:
                return []
            if name == "company_annual_revenue":
                return [self.world.revenue(company)]
            return [company[name.removeprefix("company_")]]
        return self._attribute(name, moment)

    def _email_domain_type(self, lead: Row) -> str | None:
        domain = self.world.email_domain(lead)
        if domain is None:
            return None
        if domain in self.policy.disposable:
            return "disposable"
        return "free" if domain in self.policy.free else "business"

    def _attribute(self, name: str, moment: datetime) -> list[Any]:
        rows = [
            (row["captured_at"], row["attribute_value"] is not None, row["attribute_value"] or "")
            for row in self.attributes
            if folded(row["attribute_name"]) == name and row["captured_at"] <= moment
        ]
        return [max(rows)[2]] if rows else []

    def fit(self, moment: datetime) -> Score:
        """fit(t) with its ledger and the number of unknown values met."""
        entries, unknown = [], 0
        for rule in self.policy.fit_rules:
            if not rule.is_valid(moment):
                continue
            outcome = matches(rule.comparison, rule.value, self.values(rule.attribute, moment))
            unknown += outcome is None
            if outcome:
                points = rule.points
                entries.append(
                    _ledger_row("fit", rule.group, rule.rule_id, 1, points, points, points)
                )
        score = add_up("fit", entries, self.policy.bounds)
        score.unknown_count = unknown
        return score

    def is_excluded(self, moment: datetime) -> bool:
        """Whether an exclusion rule holds at a moment."""
        lead = self.lead.at(moment)
        for rule in self.policy.exclusion_rules:
            if rule.attribute == "domain":
                values = [self.world.email_domain(lead), self.world.domain(lead["company_domain"])]
            else:
                values = [lead[rule.attribute]]
            if rule.is_valid(moment) and matches(rule.comparison, rule.value, values):
                return True
        return False

    # engagement

    def episode_at(self, moment: datetime) -> Episode:
        """The last episode begun by a moment."""
        return [episode for episode in self.episodes if episode.has_begun(moment)][-1]

    def engagement(self, moment: datetime) -> Score:
        """engagement(t): the events of the episode that t belongs to."""
        episode = self.episode_at(moment)
        events = [e for e in self.events if episode.has_begun(e.at) and e.at <= moment]
        return engagement_of(events, moment, self.policy.bounds)

    def is_hand_raise(self, moment: datetime) -> bool:
        """Whether a hand-raise acts at a moment; one before creation acts at creation."""
        episode = self.episode_at(moment)
        return any(
            event.rule.is_hand_raise
            and max(event.at, self.lead.created_at) == moment
            and episode.has_begun(event.at)
            for event in self.events
        )

    def scores(self, moment: datetime) -> Row:
        """fit_score, engagement_score and label at a moment."""
        fit, engagement = self.fit(moment).value, self.engagement(moment).value
        grade, level = self.policy.band("fit", fit), self.policy.band("engagement", engagement)
        return {
            "fit_score": fit,
            "engagement_score": engagement,
            "grade": grade,
            "level": level,
            "label": None if grade is None or level is None else grade + level,
        }

    # qualification

    def has_consent(self, moment: datetime) -> bool:
        """Condition 2: a purchased grant is ignored; withdrawn wins at the same time."""
        rows = [
            (row["occurred_at"], folded(row["status"]) == "withdrawn")
            for row in self.consents
            if row["occurred_at"] <= moment
            and not (folded(row["status"]) == "granted" and folded(row["basis"]) == "purchased")
        ]
        if not rows:
            return not self.policy.at(moment).requires_consent
        return not max(rows)[1]

    def blocked_reason(self, moment: datetime) -> str | None:
        """The first condition that fails at a moment, null when all hold."""
        policy = self.policy.at(moment)
        if self.is_excluded(moment):
            return "excluded"
        if not self.has_consent(moment):
            return "consent"
        if self.fit(moment).value < policy.fit_hurdle:
            return "fit"
        is_engaged = self.engagement(moment).value >= policy.engagement_threshold
        return None if is_engaged or self.is_hand_raise(moment) else "engagement"

    def _place_opportunities(self) -> None:
        for row in self.opportunities:
            self.episode_at(row["created_at"]).opportunities.append(row)
        for episode in self.episodes:
            created = [row["created_at"] for row in episode.opportunities]
            wins = [closed_at(row) for row in episode.opportunities if self.is_win(row)]
            episode.opportunity_at = min(created, default=None)
            episode.customer_at = min(wins, default=None)

    def is_win(self, opportunity: Row) -> bool:
        """Whether an opportunity is won by as_of."""
        return folded(opportunity["status"]) == "won" and closed_at(opportunity) <= self.as_of

    def is_loss(self, opportunity: Row) -> bool:
        """Whether an opportunity is lost by as_of; a close that lies ahead is not visible yet."""
        return folded(opportunity["status"]) == "lost" and closed_at(opportunity) <= self.as_of

    def _find_mqls(self) -> None:
        for moment, kinds in self.change_points.items():
            episode = self.episode_at(moment)
            is_late = episode.opportunity_at is not None and episode.opportunity_at < moment
            if episode.mql_at is not None or not episode.covers(moment) or is_late:
                continue
            if self.blocked_reason(moment) is None:
                episode.mql_at = moment
                order = ("creation", "activity", "fit", "consent", "policy")
                first = next(kind for kind in order if kind in kinds)
                episode.mql_trigger = "hand_raise" if self.is_hand_raise(moment) else first

    def _find_stages(self, episode: Episode) -> None:
        if episode.mql_at is not None:
            accepted = [
                row["occurred_at"]
                for row in self.dispositions
                if folded(row["outcome"]) == "accepted"
                and row["occurred_at"] >= episode.mql_at
                and episode.covers(row["occurred_at"])
            ]
            contacts = [
                event.at
                for event in self.events
                if event.rule.is_direct_contact
                and event.at >= episode.mql_at
                and episode.covers(event.at)
            ]
            episode.sal_at = min(accepted, default=None)
            episode.contact_at = min(contacts, default=None)
        qualified_at = self._qualified_at(episode)
        times = [t for t in (qualified_at, episode.opportunity_at) if t is not None]
        episode.sql_at = min(times, default=None)
        if episode.sql_at is not None:
            is_qualified = episode.sql_at == qualified_at
            episode.sql_trigger = "qualified" if is_qualified else "opportunity"

    def _qualified_at(self, episode: Episode) -> datetime | None:
        contact_at = episode.contact_at
        if contact_at is None:
            return None
        later = {
            row["assessed_at"]
            for row in self.answers
            if row["assessed_at"] > contact_at and episode.covers(row["assessed_at"])
        }
        return next((t for t in sorted({contact_at} | later) if self._is_qualified(t)), None)

    def criteria_met(self, moment: datetime) -> set[tuple[str | None, str | None]]:
        """Criteria of the policy whose latest answer at a moment is yes."""
        latest: dict[tuple, tuple] = {}
        for row in self.answers:
            key = (folded(row["framework"]), folded(row["criterion"]))
            order = (row["assessed_at"], row["answer_id"], row["is_met"])
            if row["assessed_at"] <= moment and key in self.policy.criteria:
                latest[key] = max(latest.get(key, order), order)
        return {key for key, (_, _, is_met) in latest.items() if is_met}

    def criteria_missing(self, moment: datetime) -> set[tuple[str | None, str | None]]:
        """Required criteria that are not met at a moment."""
        required = {key for key, is_required in self.policy.criteria.items() if is_required}
        return required - self.criteria_met(moment)

    def _is_qualified(self, moment: datetime) -> bool:
        met = Counter(framework for framework, _ in self.criteria_met(moment))
        return not self.criteria_missing(moment) and all(
            met[framework] >= minimum for framework, minimum in self.policy.minimum_met.items()
        )

    # what the facts say

    def outcome(self, episode: Episode) -> str:
        """What became of an episode."""
        if episode.customer_at is not None:
            return "won"
        if episode.closing is not None:
            return episode.closing
        if episode.opportunities and all(map(self.is_loss, episode.opportunities)):
            return "lost"
        return "accepted" if episode.sal_at is not None else "open"

    def current_stage(self) -> str:
        """customer if ever, disqualified, else the highest stage of the episode in force."""
        episode = self.episodes[-1]
        if any(one.customer_at for one in self.episodes):
            return "customer"
        if episode.closing == "disqualified":
            return "disqualified"
        reached = [stage for stage, time in episode.stage_times.items() if time is not None]
        return ["lead", *reached][-1]

    def wins(self) -> list[tuple[datetime, Decimal]]:
        """Won amounts of the lead in the reporting currency, with their times."""
        rate = self.world.staging.rate
        return [
            (closed_at(row), to_cent(row["amount"] * rate(row["currency"], closed_at(row).date())))
            for row in self.opportunities
            if self.is_win(row) and row["amount"] is not None
        ]

    def first(self, stage: str) -> datetime | None:
        """The first time of a stage over all episodes."""
        times = [episode.stage_times[stage] for episode in self.episodes]
        return min((time for time in times if time is not None), default=None)


# -------------------------------------------------------------------------------------------- marts


def _lead_row(life: Life) -> Row:
    times = {stage: life.first(stage) for stage in STAGES[1:]}
    last_blocked = None if life.episodes[-1].mql_at else life.blocked_reason(life.as_of)
    sqls = [episode for episode in life.episodes if episode.sql_at is not None]
    first_sql = min(sqls, key=lambda episode: episode.sql_at, default=None)
    reached = {
        f"has_reached_{stage}": any(times[later] is not None for later in STAGES[index:])
        for index, stage in enumerate(STAGES)
        if index
    }
    return {
        "lead_id": life.lead.lead_id,
        "created_at": life.lead.created_at,
        "lead_source": life.world.source(life.lead.now),
        **life.scores(life.as_of),
        "current_stage": life.current_stage(),
        "mql_blocked_reason": last_blocked,
        **{f"{stage}_at": time for stage, time in times.items()},
        "revenue": sum((amount for _, amount in life.wins()), Decimal(0)),
        "is_sales_sourced": first_sql is not None and first_sql.mql_at is None,
        **reached,
    }


def _episode_row(life: Life, episode: Episode, moment: datetime) -> Row:
    since = episode.mql_at

    def hours(later: datetime | None) -> float | None:
        return None if later is None or since is None else days(later, since) * 24

    return {
        "lead_id": life.lead.lead_id,
        "episode": episode.number,
        **life.scores(moment),
        "policy_version": life.policy.at(moment).version,
        "criteria_met_count": len(life.criteria_met(moment)),
        "criteria_missing_count": len(life.criteria_missing(moment)),
        "outcome": life.outcome(episode),
        "hours_to_accept": hours(episode.sal_at),
        "hours_to_contact": hours(episode.contact_at),
    }


def _stage_entries(life: Life) -> list[Row]:
    rows = []
    for episode in life.episodes:
        times = {"lead": life.lead.created_at if episode.number == 1 else None}
        times |= episode.stage_times
        for previous, stage in zip((None, *STAGES), STAGES, strict=False):
            before = times.get(previous) if previous else None
            if times[stage] is not None:
                rows.append(
                    {
                        "lead_id": life.lead.lead_id,
                        "episode": episode.number,
                        "stage": stage,
                        "entered_at": times[stage],
                        "days_since_previous_stage": days(times[stage], before) if before else None,
                    }
                )
    return rows


def _history(life: Life) -> list[Row]:
    last_of_day = {moment.date(): moment for moment in life.change_points}
    return [
        {
            "lead_id": life.lead.lead_id,
            "score_date": day,
            "scored_at": moment,
            **life.scores(moment),
        }
        for day, moment in last_of_day.items()
    ]


def marts(world: World) -> Tables:
    """Every mart of the design but the dimensions, as lists of rows."""
    tables: Tables = defaultdict(list)
    tables["bridge_lead_identity"] = world.bridge
    tables["fct_row_accounting"] = world.staging.accounting
    for life in world.lives:
        lead_id = {"lead_id": life.lead.lead_id}
        fit, engagement = life.fit(life.as_of), life.engagement(life.as_of)
        tables["fct_leads"].append(_lead_row(life))
        tables["fct_lead_scores"].append(
            lead_id | life.scores(life.as_of) | {"fit_unknown_count": fit.unknown_count}
        )
        tables["fct_score_ledger"] += [lead_id | r for r in fit.ledger + engagement.ledger]
        tables["fct_score_history"] += _history(life)
        tables["fct_stage_entries"] += _stage_entries(life)
        for episode in life.episodes:
            if episode.mql_at is not None:
                tables["fct_mqls"].append(
                    _episode_row(life, episode, episode.mql_at)
                    | {"mql_at": episode.mql_at, "trigger": episode.mql_trigger}
                )
            if episode.sql_at is not None:
                tables["fct_sqls"].append(
                    _episode_row(life, episode, episode.sql_at)
                    | {
                        "sql_at": episode.sql_at,
                        "trigger": episode.sql_trigger,
                        "is_sales_sourced": episode.mql_at is None,
                    }
                )
    for row in world.staging.current["spend"]:
        rate = world.staging.rate(row["currency"], row["spend_date"])
        tables["fct_spend"].append(
            {
                "spend_id": row["spend_id"],
                "spend_date": row["spend_date"],
                "lead_source": world.source(row),
                "reporting_amount": to_cent(row["amount"] * rate),
            }
        )
    return tables


# ------------------------------------------------------------------------------------------ reports

COUNT_NAMES = ("leads", "mqls", "sals", "sqls", "opportunities", "customers")


class Cell:
    """Counts, revenue, spend and stage durations of one basis x month x source."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.revenue, self.spend = Decimal(0), Decimal(0)
        self.durations: dict[str, list[float]] = defaultdict(list)


def _cells(world: World, tables: Tables) -> dict[tuple[str, date, str], Cell]:
    cells: dict[tuple[str, date, str], Cell] = defaultdict(Cell)
    sources = {row["lead_id"]: row["lead_source"] for row in tables["fct_leads"]}
    for row in tables["fct_spend"]:
        for basis in ("cohort", "period"):
            cell = cells[basis, month_of(row["spend_date"]), row["lead_source"]]
            cell.spend += row["reporting_amount"]
    for row in tables["fct_leads"]:
        cell = cells["cohort", month_of(row["created_at"]), row["lead_source"]]
        cell.revenue += row["revenue"]
        times = {"lead": row["created_at"]} | {s: row[f"{s}_at"] for s in STAGES[1:]}
        for stage in STAGES:
            cell.counts[stage] += stage == "lead" or row[f"has_reached_{stage}"]
        for before, after in zip(STAGES, STAGES[1:], strict=False):
            if times[before] and times[after]:
                cell.durations[after].append(days(times[after], times[before]))
    for row in tables["fct_stage_entries"]:
        cell = cells["period", month_of(row["entered_at"]), sources[row["lead_id"]]]
        cell.counts[row["stage"]] += 1
        if row["days_since_previous_stage"] is not None:
            cell.durations[row["stage"]].append(row["days_since_previous_stage"])
    for life in world.lives:
        for moment, amount in life.wins():
            cells["period", month_of(moment), sources[life.lead.lead_id]].revenue += amount
    return cells


def reports(world: World, tables: Tables, maturity_days: int) -> Tables:
    """rpt_lead_funnel, rpt_source_costs and rpt_quarantine."""
    result: Tables = {"rpt_lead_funnel": [], "rpt_source_costs": [], "rpt_quarantine": []}
    for (basis, month, source), cell in sorted(_cells(world, tables).items()):
        key = {"basis": basis, "month": month, "lead_source": source}
        counts = {name: cell.counts[stage] for name, stage in zip(COUNT_NAMES, STAGES, strict=True)}
        pairs = list(zip(STAGES, STAGES[1:], strict=False))
        rates = {f"{a}_to_{b}_rate": ratio(cell.counts[b], cell.counts[a]) for a, b in pairs}
        medians = {
            f"median_{a}_to_{b}_days": median(cell.durations[b]) if cell.durations[b] else None
            for a, b in pairs
        }
        result["rpt_lead_funnel"].append(key | counts | {"revenue": cell.revenue} | rates | medians)
        per = ("lead", "mql", "sql", "opportunity", "customer")
        wait = timedelta(days=maturity_days if basis == "cohort" else 0)
        result["rpt_source_costs"].append(
            key
            | {"spend": cell.spend}
            | counts
            | {f"cost_per_{stage}": ratio(cell.spend, cell.counts[stage]) for stage in per}
            | {
                "revenue": cell.revenue,
                "roi": ratio(cell.revenue - cell.spend, cell.spend),
                "roas": ratio(cell.revenue, cell.spend),
                "is_mature": next_month(month) + wait <= world.as_of,
            }
        )
    held_back = world.staging.held_back
    result["rpt_quarantine"] = [
        {
            "table_name": table,
            "reason": reason,
            "row_count": count,
            "near_miss_count": world.staging.near_misses[table] if reason == "unknown_lead" else 0,
            "held_back_amount": sum(held) if (held := held_back.get((table, reason))) else None,
        }
        for (table, reason), count in sorted(world.staging.quarantined.items())
        if count
    ]
    return result


# -------------------------------------------------------------------------------------- attribution

MODELS = ("first", "last", "linear", "position", "time_decay", "w_shaped", "markov")
TIME_DECAY_HALF_LIFE = 7.0  # days


def positions(weights: list[float]) -> list[float]:
    """Weights scaled to add up to 1."""
    return [weight / sum(weights) for weight in weights]


def _anchored(count: int, anchors: dict[int, float], others: float) -> list[float]:
    rest = [index for index in range(count) if index not in anchors]
    return positions([anchors.get(index, others / max(len(rest), 1)) for index in range(count)])


def single_lead_credits(
    touched: list[datetime], milestone: datetime, created_at: datetime
) -> dict[str, list[float]]:
    """Credits of ordered touches (at least one) in every model but markov."""
    last = len(touched) - 1
    before = [index for index, at in enumerate(touched) if at <= created_at]
    anchors = {0: 0.3} | {index: 0.3 for index in before[-1:]} | {last: 0.3}
    position = {0: 0.5, last: 0.5} if last < 2 else {0: 0.4, last: 0.4}
    return {
        "first": [float(index == 0) for index in range(last + 1)],
        "last": [float(index == last) for index in range(last + 1)],
        "linear": [1 / (last + 1)] * (last + 1),
        "position": _anchored(last + 1, position, 0.2),
        "time_decay": positions(
            [2.0 ** (-days(milestone, at) / TIME_DECAY_HALF_LIFE) for at in touched]
        ),
        "w_shaped": _anchored(last + 1, anchors, 0.1),
    }


def conversion_probability(paths: list[tuple[list[str], bool]], removed: str | None) -> float:
    """P(conversion) of the order-1 chain over (states, is converted), one state removed.

    Value iteration over the few states of a test: exact enough (1e-13) and nothing to get wrong.
    """
    moves: dict[str, Counter[str]] = defaultdict(Counter)
    for states, is_converted in paths:
        walk = ["(start)", *states, "(conversion)" if is_converted else "(null)"]
        for here, there in zip(walk, walk[1:], strict=False):
            if here != there:
                moves[here][there] += 1
    chance = dict.fromkeys(moves, 0.0) | {"(conversion)": 1.0, "(null)": 0.0}
    change = 1.0
    while change > 1e-15:
        change = 0.0
        for here, targets in moves.items():
            reached = sum(n * chance[there] for there, n in targets.items() if there != removed)
            value = 0.0 if here == removed else reached / sum(targets.values())
            change = max(change, abs(value - chance[here]))
            chance[here] = value
    return chance["(start)"]


def removal_effects(paths: list[tuple[list[str], bool]]) -> dict[str, float]:
    """1 - P(conversion without the state) / P(conversion), of every state of a converting path."""
    whole = conversion_probability(paths, None)
    states = {state for path, is_converted in paths if is_converted for state in path}
    return {state: 1 - conversion_probability(paths, state) / whole for state in states}


def _touches(life: Life, until: datetime, lookback: timedelta) -> list[Event]:
    touches = [
        event
        for event in life.events
        if event.rule.is_touch and event.activity_id and until - lookback <= event.at <= until
    ]
    return sorted(touches, key=lambda event: (event.at, event.activity_id))


def _touch_source(world: World, touch: Event) -> str:
    return world.source({"lead_source": touch.lead_source, "campaign_id": touch.campaign_id})


def attribution(world: World, lookback: timedelta) -> list[Row]:
    """fct_attribution_credits."""
    rows = []
    for milestone in ("mql", "sql", "customer"):
        journeys = []
        for life in world.lives:
            reached_at = life.first(milestone)
            touches = _touches(life, reached_at or world.as_of, lookback)
            journeys.append((life, reached_at, touches))
        paths = [
            ([_touch_source(world, touch) for touch in touches], reached_at is not None)
            for _, reached_at, touches in journeys
            if touches
        ]
        effects = removal_effects(paths) if any(converted for _, converted in paths) else {}
        for life, reached_at, touches in journeys:
            if reached_at is not None:
                key = {"milestone": milestone, "lead_id": life.lead.lead_id}
                rows += [key | row for row in _credits(life, reached_at, touches, effects)]
    return rows


def _credits(
    life: Life, reached_at: datetime, touches: list[Event], effects: dict[str, float]
) -> list[Row]:
    if not touches:
        none = {"activity_id": "unattributed", "lead_source": "unattributed", "touched_at": None}
        return [{"attribution_model": model, "credit": 1.0} | none for model in MODELS]
    sources = [_touch_source(life.world, touch) for touch in touches]
    shares = single_lead_credits([t.at for t in touches], reached_at, life.lead.created_at)
    shares["markov"] = positions([effects[source] for source in sources])
    return [
        {
            "attribution_model": model,
            "activity_id": touch.activity_id,
            "touched_at": touch.at,
            "lead_source": source,
            "credit": credit,
        }
        for model in MODELS
        for touch, source, credit in zip(touches, sources, shares[model], strict=True)
        if credit > 0
    ]


def _attributed_cells(world: World, tables: Tables) -> dict[tuple[str, str, date, str], Counter]:
    """Spend, credits and revenue of each model x basis x month x source of a touch."""
    cells: dict[tuple[str, str, date, str], Counter] = defaultdict(Counter)
    leads = {row["lead_id"]: row for row in tables["fct_leads"]}
    wins = {life.lead.lead_id: life.wins() for life in world.lives}
    for row in tables["fct_attribution_credits"]:
        model, stage, source = row["attribution_model"], row["milestone"], row["lead_source"]
        lead, credit = leads[row["lead_id"]], row["credit"]
        if credit <= 0:
            continue
        born, reached = month_of(lead["created_at"]), month_of(lead[f"{stage}_at"])
        cells[model, "cohort", born, source][stage] += credit
        cells[model, "period", reached, source][stage] += credit
        for moment, amount in wins[row["lead_id"]]:
            money = credit * float(amount) if stage == "customer" else 0.0
            if not money:
                continue
            cells[model, "cohort", born, source]["revenue"] += money
            cells[model, "period", month_of(moment), source]["revenue"] += money
    for row in tables["rpt_source_costs"]:
        for model in MODELS if row["spend"] else ():
            key = model, row["basis"], row["month"], row["lead_source"]
            cells[key]["spend"] = float(row["spend"])
    return cells


def attributed_costs(world: World, tables: Tables) -> list[Row]:
    """rpt_attributed_source_costs, from the other tables."""
    costs = tables["rpt_source_costs"]
    is_mature = {(row["basis"], row["month"]): row["is_mature"] for row in costs}
    rows = [{"attribution_model": "lead_source"} | row for row in costs]
    for (model, basis, month, source), cell in _attributed_cells(world, tables).items():
        spend, revenue = cell["spend"], cell["revenue"]
        row = dict.fromkeys(costs[0]) | {
            "attribution_model": model,
            "basis": basis,
            "month": month,
            "lead_source": source,
            "spend": spend,
            "revenue": revenue,
            "roi": ratio(revenue - spend, spend),
            "roas": ratio(revenue, spend),
            "is_mature": is_mature[basis, month],
        }
        for stage in ("mql", "sql", "customer"):
            row |= {f"{stage}s": cell[stage], f"cost_per_{stage}": ratio(spend, cell[stage])}
        rows.append(row)
    return rows


def compute(
    raw: Tables,
    seeds: Tables,
    as_of: datetime,
    reporting_currency: str = "EUR",
    maturity_days: int = 90,
    lookback_days: int = 90,
) -> Tables:
    """All the tables that this reference knows, from raw rows and seed rows (as text or typed)."""
    world = World(raw, seeds, as_of, reporting_currency)
    tables = marts(world)
    tables["fct_attribution_credits"] = attribution(world, timedelta(days=lookback_days))
    tables |= reports(world, tables, maturity_days)
    tables["rpt_attributed_source_costs"] = attributed_costs(world, tables)
    return tables
