"""Who is erased: every raw row of the person, and the marks by which its texts are known."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from qualified_leads.sql_functions import unicode_domain
from qualified_leads.suppression import EMAIL, LEAD, PSEUDONYM_START, Suppression, plain_key

Row = dict[str, Any]
Key = tuple[str, str]

SHORTEST_NAME = 5  # shorter ones are found inside of other words
FEWEST_DIGITS = 7  # of a phone number; a form has many a 00000
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]+")


@dataclass(frozen=True)
class Person:
    """All rows of `raw.leads` that an erasure is about, possibly of several people."""

    rows: list[Row] = field(default_factory=list)

    @cached_property
    def lead_ids(self) -> set[str]:
        return {plain for row in self.rows if (plain := plain_key(LEAD, row["lead_id"]))}

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset().union(*map(names_of, self.rows))

    @cached_property
    def full_names(self) -> list[tuple[str, str]]:
        """First and last names in lower case, of those that have both."""
        found = {
            (first.strip().lower(), last.strip().lower())
            for row in self.rows
            if (first := row.get("first_name") or "") and (last := row.get("last_name") or "")
        }
        return sorted(
            (first, last) for first, last in found if len(first + last) >= SHORTEST_NAME - 1
        )

    @cached_property
    def marks(self) -> list[str]:
        """What tells who it is wherever it stands, in lower case, the longest first.

        Addresses, ids that are personal, phone numbers and full names: nothing that a form might
        have been filled with and that means something else in other rows, as far as can be told.
        """
        found = {one.lower() for one in self.lead_ids if is_personal(one, self.names)}
        for row in self.rows:
            found |= _spellings(row.get("email") or "")
            phone = (row.get("phone") or "").strip().lower()
            found |= {phone} if sum(map(str.isdigit, phone)) >= FEWEST_DIGITS else set()
        for first, last in self.full_names:
            found |= {f"{first} {last}", f"{last} {first}", f"{last}, {first}"}
        found = {one for one in found if len(one) >= SHORTEST_NAME}
        return sorted(found, key=lambda one: (-len(one), one))

    @cached_property
    def pattern(self) -> str | None:
        """A pattern of RE2 that finds a mark as whole words, whatever the case; groups 1 and 2 are
        what stands around it. None where there is none."""
        if not self.marks:
            return None
        # An @ may be written for a URL or as JSON does.
        any_mark = "|".join(
            r"(?:@|%40|\\u0040)".join(map(quoted, m.split("@"))) for m in self.marks
        )
        return rf"(?i)(^|[^\pL\pN._%+-])(?:{any_mark})(\.*(?:[^\pL\pN._-]|$))"


def quoted(text: str) -> str:
    """The text as a pattern of RE2."""
    return "".join(one if one.isalnum() else rf"\x{{{ord(one):x}}}" for one in text)


def _spellings(email: str) -> set[str]:
    """An address as it was written, as it is compared, and with its domain in letters."""
    plain = plain_key(EMAIL, email)
    if plain.startswith(PSEUDONYM_START) or not _ADDRESS.fullmatch(plain):
        return set()
    mailbox, _, domain = plain.rpartition("@")
    return {email.strip().lower(), plain, f"{mailbox}@{unicode_domain(domain)}"}


def names_of(row: Row) -> frozenset[str]:
    """Names of a row of raw.leads that would make a key or a domain personal, in lower case."""
    found = [row.get(name) or "" for name in ("first_name", "last_name")]
    email = row.get("email") or ""
    found.append("" if email.startswith(PSEUDONYM_START) else email.rpartition("@")[0])
    return frozenset(t for text in found if len(t := text.strip().lower()) >= SHORTEST_NAME)


def is_personal(text: str, names: Iterable[str]) -> bool:
    """Whether a key or a domain itself tells who somebody is."""
    return "@" in text or any(name in text.lower() for name in names)


def find_person(
    rows: list[Row],
    suppression: Suppression,
    asked: Iterable[Key],
    is_placeholder: Callable[[str | None], bool],
) -> tuple[Person, set[Key]]:
    """Every row of these keys, of the list, and of what merges or addresses join to them.

    Also gives the keys by which they hang together. An address that many people give, or that is
    none, joins nobody: it is followed only where it was asked for by itself.
    """
    keys: set[Key] = {(kind, plain) for kind, text in asked if (plain := plain_key(kind, text))}
    by_key: dict[Key, list[int]] = defaultdict(list)
    keys_of: list[list[Key]] = []
    for number, row in enumerate(rows):
        address = (EMAIL, plain_key(EMAIL, row["email"]))
        found = [(LEAD, plain_key(LEAD, row[name])) for name in ("lead_id", "merged_into_lead_id")]
        if (
            address in keys
            or suppression.has_email(row["email"])
            or (_ADDRESS.fullmatch(address[1]) and not is_placeholder(row["email"]))
        ):
            found.append(address)
        keys_of.append([key for key in found if key[1]])
        for key in keys_of[-1]:
            by_key[key].append(number)
    listed = {LEAD: suppression.has_lead, EMAIL: suppression.has_email}
    keys |= {key for key in by_key if suppression and listed[key[0]](key[1])}
    waiting, chosen = list(keys), set[int]()
    while waiting:
        for number in by_key.get(waiting.pop(), ()):
            if number not in chosen:
                chosen.add(number)
                waiting += [key for key in keys_of[number] if key not in keys]
                keys.update(keys_of[number])
    return Person([rows[number] for number in sorted(chosen)]), keys
