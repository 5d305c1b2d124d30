"""Whom the loader must not bring back: salted hashes of erased lead ids and e-mail addresses.

The list is `$WAREHOUSE/suppressed.json`. Nobody can be read from it, but with it somebody who
already knows an address can tell that it is on the list; so it is as private as the rest.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from qualified_leads.durable import sync
from qualified_leads.errors import UsageError
from qualified_leads.sql_functions import compared_address

LIST_NAME = "suppressed.json"
LEAD, EMAIL = "lead", "email"
PSEUDONYM_START = "erased-"
# Blanks of any kind, and what no editor shows: nobody is another person for a tab in a form.
_AROUND = re.compile(r"^[\s\u200b-\u200d\u2060\ufeff]+|[\s\u200b-\u200d\u2060\ufeff]+$")


def plain_key(kind: str, value: str | None) -> str:
    """A lead id or an address as an erasure compares it: without blanks around it, an address as
    identity does (`compared_address`)."""
    bare = _AROUND.sub("", value or "")
    return compared_address(bare) if kind == EMAIL else bare


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
        """64 hexadecimal digits of the plain key."""
        return self._digest(kind, plain_key(kind, value))

    def _digest(self, kind: str, text: str) -> str:
        return hashlib.sha256(f"{self.salt}:{kind}:{text}".encode()).hexdigest()

    def has_lead(self, lead_id: str | None) -> bool:
        """Whether an id is on the list, or is itself an address that is."""
        if not lead_id:
            return False
        return self.hash(LEAD, lead_id) in self.leads or (
            "@" in lead_id and self.has_email(lead_id)
        )

    def has_email(self, email: str | None) -> bool:
        """Whether an address is on the list, also on an old one that knew one spelling of it."""
        if not email:
            return False
        before = self._digest(EMAIL, email.strip(" ").lower())
        return self.hash(EMAIL, email) in self.emails or before in self.emails

    def pseudonym(self, kind: str, value: str) -> str:
        """What stands for the value: the same in every row, and nobody's name."""
        return f"{PSEUDONYM_START}{self.hash(kind, value)[:20]}"

    def lead_id(self, lead_id: str) -> str:
        """The id under which an erased lead goes on being counted."""
        is_kept = self.leads.get(self.hash(LEAD, lead_id), not self.has_lead(lead_id))
        return lead_id if is_kept else self.pseudonym(LEAD, lead_id)

    def survivor(self, lead_id: str, email: str | None) -> str | None:
        """The id of another lead that this one counts for, if it does."""
        found = self.survivors.get(self.hash(LEAD, lead_id))
        if found is None and email:
            found = self.survivors.get(self.hash(EMAIL, email))
        return None if found in (None, self.lead_id(lead_id)) else found

    def email(self, email: str, suffix: str = "") -> str:
        """An address of nobody; equal ones stay equal, so that they stay one person."""
        local, at, domain = _AROUND.sub("", email).rpartition("@")
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
