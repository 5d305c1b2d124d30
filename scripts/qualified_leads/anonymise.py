"""What is left of the raw rows of an erased person: all that counts, nothing that tells who.

Keys, times, types, sources, campaigns, countries and amounts stay, since reports count them. Free
text goes. Attributes that the policy judges are reduced to what it says about them, so that an
erased lead keeps its score: of the job title "Chief Fun Officer" stays "chief".
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qualified_leads.policy_files import policy_rows, seed_files
from qualified_leads.sql_functions import compared_address
from qualified_leads.suppression import Suppression

Row = dict[str, Any]

ERASED = "(erased)"
# Columns that hold an id of a lead, in any table.
LEAD_COLUMNS = ("lead_id", "merged_into_lead_id")
# Per table, what is personal or free text and that nothing counts by.
FREE_TEXT = {
    "leads": ("first_name", "last_name", "phone", "landing_page"),
    "activities": ("asset",),
    "intent_signals": ("topic",),
    "dispositions": ("reason",),
    "qualification_answers": ("evidence",),
}
# Columns of leads that rules of the policy may judge, besides e-mail and country.
JUDGED = ("job_title", "department", "company_name", "region")
_NUMBER = re.compile(r"\s*[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?\s*")
SHORTEST_NEEDLE = 5  # shorter texts are found inside of other words


@dataclass
class Policy:
    """By attribute: whole values and parts of values that rules compare with, in lower case."""

    values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    attributes: set[str] = field(default_factory=set)
    placeholders: set[str] = field(default_factory=set)

    def is_placeholder(self, email: str | None) -> bool:
        """Whether many people give this address, so that it tells nobody from anybody."""
        address = compared_address(email or "")
        return address in self.placeholders or f"{address.rpartition('@')[0]}@" in self.placeholders

    def reduced(self, attribute: str, value: str | None) -> str | None:
        """What rules can tell of a value: a number or a known value whole, else the parts found."""
        name = attribute.strip().lower()
        if value is None or name not in self.attributes:
            return None
        plain = value.strip().lower()
        if _NUMBER.fullmatch(value) or plain in self.values[name]:
            return plain
        return " ".join(sorted(p for p in self.parts[name] if p in plain)) or ERASED


def read_policy(seeds: Path) -> Policy:
    """The policy in the seeds that judges attributes of leads, and the addresses of nobody."""
    policy = Policy()
    known = seed_files(seeds)
    if "placeholder_emails" in known:
        found = [row.get("email") or "" for row in policy_rows(seeds, "placeholder_emails")]
        policy.placeholders = set(map(compared_address, found))
    for name in known.keys() & {"fit_rules", "exclusion_rules", "personas"}:
        for row in policy_rows(seeds, name):
            attribute = (row.get("attribute_name") or "").strip().lower()
            values = [v.strip().lower() for v in (row.get("rule_value") or "").split("|")]
            found = policy.parts if _is_part(row) else policy.values
            found[attribute] |= {value for value in values if value}
            policy.attributes.add(attribute)
    return policy


def _is_part(row: Mapping[str, str | None]) -> bool:
    return (row.get("comparison") or "").strip().lower() == "contains"


@dataclass(frozen=True)
class Anonymiser:
    """Strips rows of erased people; `needles` are their addresses, phones and full names."""

    suppression: Suppression
    policy: Policy
    needles: frozenset[str] = frozenset()

    def strip(self, table: str, row: Row) -> Row:
        """A row of an erased person without what tells who it is."""
        done = dict(row) | {name: None for name in FREE_TEXT.get(table, ()) if name in row}
        if table == "leads":
            # A rule may ask whether there is a phone.
            asked = [name for name in FREE_TEXT[table] if name in self.policy.attributes]
            done |= {name: ERASED for name in asked if row.get(name) is not None}
            done |= {n: self.policy.reduced(n, row[n]) for n in JUDGED if n in row}
            done |= {"is_deleted": True, "email": self._email(row.get("email"))}
            if not row.get("merged_into_lead_id"):
                survivor = self.suppression.survivor(row["lead_id"], row.get("email"))
                done["merged_into_lead_id"] = survivor
            if is_personal(row.get("company_domain") or "", names_of(row)):
                done["company_domain"] = "erased.invalid"
        if table == "lead_attributes":
            name = row.get("attribute_name") or ""
            done["attribute_value"] = self.policy.reduced(name, row.get("attribute_value"))
        return self.without_needles(self._with_ids(done))

    def without_needles(self, row: Row) -> Row:
        """The row without the texts in which somebody's address, phone or full name stands.

        In a key the needle alone is replaced, so that keys stay apart.
        """
        done = dict(row)
        for name, value in row.items():
            if not isinstance(value, str) or name in LEAD_COLUMNS:
                continue
            for needle in self.needles:
                if needle in value.lower():
                    done[name] = self._without_needle(name, done[name], needle)
        return done

    def _without_needle(self, name: str, value: str, needle: str) -> str:
        if not name.endswith("_id"):
            return ERASED
        pseudonym = self.suppression.pseudonym("text", needle)
        return re.sub(re.escape(needle), pseudonym, value, flags=re.IGNORECASE)

    def _with_ids(self, row: Row) -> Row:
        return row | {
            name: self.suppression.lead_id(row[name])
            for name in LEAD_COLUMNS
            if row.get(name) is not None and self.suppression.has_lead(row[name])
        }

    def _email(self, email: str | None) -> str | None:
        if email is None or email.startswith("erased-"):
            return email
        # What an exclusion rule finds in the part before the @, such as +test@.
        parts = [p for p in self.policy.parts["email"] if p in email.lower()]
        return self.suppression.email(email, "".join(p.partition("@")[0] for p in sorted(parts)))


def needles_of(row: Row) -> frozenset[str]:
    """What of a row of raw.leads tells who it is wherever it stands, in lower case."""
    email = row.get("email") or ""
    name = f"{row.get('first_name') or ''} {row.get('last_name') or ''}"
    found = ["" if email.startswith("erased-") else email, row.get("phone") or "", name]
    return frozenset(t for text in found if len(t := text.strip().lower()) >= SHORTEST_NEEDLE)


def names_of(row: Row) -> frozenset[str]:
    """Names of a row of raw.leads that would make a key or a domain personal, in lower case."""
    found = [row.get(name) or "" for name in ("first_name", "last_name")]
    found.append((row.get("email") or "").rpartition("@")[0])
    return frozenset(t for text in found if len(t := text.strip().lower()) >= SHORTEST_NEEDLE)


def is_personal(text: str, names: Iterable[str]) -> bool:
    """Whether a key or a domain itself tells who somebody is."""
    return "@" in text or any(name in text.lower() for name in names)
