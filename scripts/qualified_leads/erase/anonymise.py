"""What is left of the raw rows of an erased person: all that counts, nothing that tells who.

Keys, times, types, sources, campaigns, countries and amounts stay, since reports count them. What
the contract marks as personal text goes. What the policy judges is reduced to what it says about
it, so that an erased lead keeps its score: of the job title "Chief Fun Officer" stays "chief".
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qualified_leads.contract import Table, load_contract, own_keys
from qualified_leads.erase.person import Person, is_personal, names_of
from qualified_leads.policy.files import policy_rows, seed_files
from qualified_leads.sql_functions import compared_address
from qualified_leads.suppression import Suppression

Row = dict[str, Any]

ERASED = "(erased)"
# Columns that hold an id of a lead, in any table.
LEAD_COLUMNS = ("lead_id", "merged_into_lead_id")
_NUMBER = re.compile(r"\s*[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?\s*")
_NUMERIC = ("at_least", "at_most", "between")


@dataclass
class Policy:
    """By attribute: whole values and parts of values that rules compare with, in lower case."""

    values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    parts: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    numbers: set[str] = field(default_factory=set)
    placeholders: set[str] = field(default_factory=set)

    def is_placeholder(self, email: str | None) -> bool:
        """Whether many people give this address, so that it tells nobody from anybody."""
        address = compared_address(email or "")
        return address in self.placeholders or f"{address.rpartition('@')[0]}@" in self.placeholders

    def asks_for(self, attribute: str) -> bool:
        """Whether a rule looks at an attribute at all, be it at whether there is any."""
        return attribute in self.values

    def reduced(self, attribute: str, value: str | None) -> str | None:
        """What rules can tell of a value: a number or a known value whole, else the parts found."""
        name, plain = attribute.strip().lower(), (value or "").strip().lower()
        if not plain:
            return None
        if plain in self.values.get(name, ()) or (
            name in self.numbers and _NUMBER.fullmatch(plain)
        ):
            return plain
        return " ".join(sorted(p for p in self.parts.get(name, ()) if p in plain)) or ERASED


def read_policy(seeds: Path) -> Policy:
    """The policy in the seeds that judges attributes of leads, and the addresses of nobody."""
    policy = Policy()
    for row in _rows(seeds, "placeholder_emails"):
        policy.placeholders.add(compared_address(row.get("email") or ""))
    for row in _rows(seeds, "disposition_reasons"):
        policy.values["dispositions.reason"].add(_plain(row, "disposition_reason"))
    # The one basis that a model looks at.
    policy.values["consents.basis"].add("purchased")
    for name in ("fit_rules", "exclusion_rules", "personas"):
        for row in _rows(seeds, name):
            attribute, comparison = _plain(row, "attribute_name"), _plain(row, "comparison")
            values = [v.strip().lower() for v in (row.get("rule_value") or "").split("|")]
            known = policy.parts if comparison == "contains" else policy.values
            policy.values[attribute] |= set()
            known[attribute] |= {value for value in values if value}
            if comparison in _NUMERIC:
                policy.numbers.add(attribute)
    return policy


def _rows(seeds: Path, name: str) -> list[dict[str, str | None]]:
    return policy_rows(seeds, name) if name in seed_files(seeds) else []


def _plain(row: dict[str, str | None], column: str) -> str:
    return (row.get(column) or "").strip().lower()


@dataclass(frozen=True)
class Anonymiser:
    """Strips rows of erased people; `person` is all of whom something can be known yet."""

    suppression: Suppression
    policy: Policy
    person: Person = field(default_factory=Person)
    contract: dict[str, Table] = field(default_factory=load_contract)

    def strip(self, table: str, row: Row) -> Row:
        """A row of an erased person without what tells who it is."""
        known = self.table(table)
        extra = set(row) - {column.name for column in known.columns}
        done = row | {name: None for name in extra if isinstance(row[name], str)}
        for name in set(known.personal("text")) & set(row):
            # A rule may ask whether there is a phone.
            is_asked = self.policy.asks_for(name) and (row[name] or "").strip()
            done[name] = ERASED if is_asked else None
        for name in set(known.personal("judged")) & set(row):
            done[name] = self.policy.reduced(self._attribute(table, name, row), row[name])
        if table == "leads":
            done |= self._lead(row)
        done |= {
            name: self.without_marks(done[name])
            for name in own_keys(known)
            if isinstance(done.get(name), str)
        }
        return done | {
            name: self.suppression.lead_id(row[name])
            for name in LEAD_COLUMNS
            if row.get(name) is not None and self.suppression.has_lead(row[name])
        }

    def table(self, name: str) -> Table:
        """A table of the contract; of any other, such as an EL tool's, no column is known."""
        return self.contract.get(name) or Table(name, ())

    def without_marks(self, key: str) -> str:
        """A key of a row of theirs, in which an address, a phone or a full name may stand."""
        for mark in self.person.marks:
            key = re.sub(re.escape(mark), self.pseudonym(mark), key, flags=re.IGNORECASE)
        return key

    def pseudonym(self, mark: str) -> str:
        """What replaces a mark in a key, so that keys stay apart."""
        return self.suppression.pseudonym("text", mark)

    def _attribute(self, table: str, column: str, row: Row) -> str:
        """By which name rules know a column."""
        if table == "lead_attributes":
            return row.get("attribute_name") or ""
        return column if table == "leads" else f"{table}.{column}"

    def _lead(self, row: Row) -> Row:
        done: Row = {"is_deleted": True, "email": self._email(row.get("email"))}
        if not row.get("merged_into_lead_id"):
            done["merged_into_lead_id"] = self.suppression.survivor(
                row["lead_id"], row.get("email")
            )
        if is_personal(row.get("company_domain") or "", names_of(row)):
            done["company_domain"] = "erased.invalid"
        return done

    def _email(self, email: str | None) -> str | None:
        if email is None or email.startswith("erased-"):
            return email
        # What an exclusion rule finds in the part before the @, such as +test@.
        parts = [p for p in self.policy.parts["email"] if p in email.lower()]
        return self.suppression.email(email, "".join(p.partition("@")[0] for p in sorted(parts)))
