"""Take erased people out of the release that readers see; the others go."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from qualified_leads.contract import own_keys
from qualified_leads.erase.anonymise import ERASED, Anonymiser
from qualified_leads.erase.person import quoted
from qualified_leads.quoting import identifier, literal
from qualified_leads.release.publish import (
    LINK_NAME,
    RELEASE_PATTERN,
    RELEASES_NAME,
    cut_foreign_link,
    linked_release,
    prune,
    republish,
    set_damaged_release_aside,
)

LEADS = "dim_leads"


def leave_broken_releases(warehouse: Path) -> None:
    """Set aside, for the erasure to delete, a linked release that can't be rewritten; say so."""
    if told := set_damaged_release_aside(warehouse, read_all=True):
        print(f"warning: {told}, and is deleted", file=sys.stderr)
    if told := cut_foreign_link(warehouse):
        print(f"warning: {told}; people in that file are yours to erase", file=sys.stderr)


def rewrite_releases(warehouse: Path, anonymiser: Anonymiser, also_text: bool) -> None:
    """A copy of the linked release without the people takes its place; all others go."""
    linked = linked_release(warehouse)
    if linked is not None and linked.exists():
        republish(warehouse, linked, partial(_columns, anonymiser, also_text))
        prune(warehouse, keep=1)
    elif (warehouse / RELEASES_NAME).exists():
        for path in (warehouse / RELEASES_NAME).iterdir():
            if RELEASE_PATTERN.fullmatch(path.name):
                path.unlink()
        (warehouse / LINK_NAME).unlink(missing_ok=True)


def _columns(
    anonymiser: Anonymiser, also_text: bool, table: str, columns: list[tuple[str, str]]
) -> list[str]:
    """Expressions for the columns (name, type) of a table of a release."""
    person = anonymiser.person
    listed = ", ".join(map(literal, sorted(_ids(anonymiser)))) or "''"
    leads = [name for name, _ in columns if name == "lead_id" or name.endswith("_lead_id")]
    is_own = " or ".join(f"{identifier(name)} in ({listed})" for name in leads)
    is_own = f"coalesce({is_own}, false)" if leads else "false"
    personal = anonymiser.contract["leads"].personal("address", "text", "judged")
    keys = {key for known in anonymiser.contract.values() for key in own_keys(known)}
    chosen = []
    for name, kind in columns:
        value = quoted_name = identifier(name)
        if table == LEADS and name in personal:
            other = value
            if also_text and person.pattern is not None:
                told = literal(rf"\1{ERASED}\2")
                other = f"regexp_replace({value}, {literal(person.pattern)}, {told}, 'g')"
            value = f"case when {is_own} then null else {other} end"
        elif table == LEADS and name == "is_deleted":
            value = f"({is_own} or {value})"
        elif name in leads:
            value = _told(value, anonymiser)
        elif kind == "VARCHAR" and name in keys:
            value = f"case when {is_own} then {_without(value, anonymiser)} else {value} end"
        elif name == "record_key":
            value = _record_key(value, anonymiser)
        chosen.append(f"{value} as {quoted_name}")
    return chosen


def _ids(anonymiser: Anonymiser) -> set[str]:
    """Ids of the people's leads, as a source may have written them."""
    found = {row["lead_id"] or "" for row in anonymiser.person.rows}
    return (found | {one.strip(" ") for one in found} | anonymiser.person.lead_ids) - {""}


def _told(column: str, anonymiser: Anonymiser) -> str:
    """The lead id under which an erased lead goes on being counted."""
    told = {one: anonymiser.suppression.lead_id(one) for one in _ids(anonymiser)}
    cases = [
        f"when {literal(one)} then {literal(pseudonym)}"
        for one, pseudonym in sorted(told.items())
        if pseudonym != one
    ]
    return f"case {column} {' '.join(cases)} else {column} end" if cases else column


def _without(key: str, anonymiser: Anonymiser) -> str:
    """A key of one of their rows without addresses, phones and names."""
    for mark in anonymiser.person.marks:
        found, pseudonym = literal(f"(?i){quoted(mark)}"), literal(anonymiser.pseudonym(mark))
        key = f"regexp_replace({key}, {found}, {pseudonym}, 'g')"
    return key


def _record_key(key: str, anonymiser: Anonymiser) -> str:
    """A key of a quarantined row, which may be put together from several: the lead's among them."""
    for one in sorted(_ids(anonymiser)):
        pseudonym = anonymiser.suppression.lead_id(one)
        if pseudonym != one:
            found = literal(rf"(^|\|){quoted(one)}(\||$)")
            told = literal(rf"\1{pseudonym}\2")
            key = f"regexp_replace({key}, {found}, {told}, 'g')"
    for mark in anonymiser.person.marks:
        if "@" in mark:
            found, pseudonym = literal(f"(?i){quoted(mark)}"), literal(anonymiser.pseudonym(mark))
            key = f"regexp_replace({key}, {found}, {pseudonym}, 'g')"
    return key
