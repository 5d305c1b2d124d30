"""Whom the loader must not bring back: salted hashes of erased lead ids and e-mail addresses.

The list is `$WAREHOUSE/suppressed.json`. Nobody can be read from it, but with it somebody who
already knows an address can tell that it is on the list; so it is as private as the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from qualified_leads.durable import sync
from qualified_leads.errors import UsageError

LIST_NAME = "suppressed.json"
LEAD, EMAIL = "lead", "email"
PSEUDONYM_START = "erased-"


@dataclass
class Suppression:
    """The list. `leads` and `emails` say by hash what a row of that key is told by from now on:

    a lead keeps its id (True) unless that is personal itself; an address keeps its domain (True),
    by which its company is known, unless the domain is personal. `survivors` has the id of the lead
    that a lead, or a new one with an address, counts for: addresses join no deleted leads.
    """

    salt: str = field(default_factory=lambda: secrets.token_hex(32))
    leads: dict[str, bool] = field(default_factory=dict)
    emails: dict[str, bool] = field(default_factory=dict)
    survivors: dict[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.leads or self.emails)

    def hash(self, kind: str, value: str) -> str:
        """64 hexadecimal digits; the value is compared as staging does, addresses in lower case."""
        plain = value.strip(" ").lower() if kind == EMAIL else value.strip(" ")
        return hashlib.sha256(f"{self.salt}:{kind}:{plain}".encode()).hexdigest()

    def hash_sql(self, kind: str, expression: str) -> str:
        """The same as an SQL expression of DuckDB."""
        plain = f"lower(trim({expression}))" if kind == EMAIL else f"trim({expression})"
        return f"sha256('{self.salt}:{kind}:' || {plain})"

    def has_lead(self, lead_id: str | None) -> bool:
        return lead_id is not None and self.hash(LEAD, lead_id) in self.leads

    def has_email(self, email: str | None) -> bool:
        return email is not None and self.hash(EMAIL, email) in self.emails

    def pseudonym(self, kind: str, value: str) -> str:
        """What stands for the value: the same in every row, and nobody's name."""
        return f"{PSEUDONYM_START}{self.hash(kind, value)[:20]}"

    def lead_id(self, lead_id: str) -> str:
        """The id under which an erased lead goes on being counted."""
        is_kept = self.leads.get(self.hash(LEAD, lead_id), True)
        return lead_id if is_kept else self.pseudonym(LEAD, lead_id)

    def survivor(self, lead_id: str, email: str | None) -> str | None:
        """The id of another lead that this one counts for, if it does."""
        found = self.survivors.get(self.hash(LEAD, lead_id))
        if found is None and email:
            found = self.survivors.get(self.hash(EMAIL, email))
        return None if found in (None, self.lead_id(lead_id)) else found

    def email(self, email: str, suffix: str = "") -> str:
        """An address of nobody; equal ones stay equal, so that they stay one person."""
        local, at, domain = email.strip(" ").rpartition("@")
        if not at:
            return self.pseudonym(EMAIL, email)
        is_kept = self.emails.get(self.hash(EMAIL, email), bool(local))
        place = domain if is_kept else "erased.invalid"
        return f"{self.pseudonym(EMAIL, email)}{suffix}@{place}"


def read_suppression(warehouse: Path) -> Suppression:
    """The list of a warehouse, empty where there is none. Raises UsageError where it is broken."""
    path = warehouse / LIST_NAME
    try:
        return Suppression(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Suppression()
    except (ValueError, TypeError):
        raise UsageError(
            f"{path} is damaged: without it erased persons would come back; restore it"
        ) from None


def write_suppression(warehouse: Path, suppression: Suppression) -> None:
    """Put the list in place as a whole, on the disk before this returns."""
    path = warehouse / LIST_NAME
    temporary = path.with_name(f".new-{LIST_NAME}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:
        json.dump(vars(suppression), stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    sync(warehouse)
