"""What a refresh has to build: decided from the refreshes so far and from what there is now.

Nothing here asks a database, dbt or the clock, so that a test can try every case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Refresh:
    """A row of `ops.refreshes`: a run that was begun; `as_of` is naive UTC."""

    number: int
    as_of: datetime
    code_hash: str
    policy_hash: str
    tests_hash: str | None = None
    is_full: bool = False
    is_complete: bool = False
    is_tested: bool = False


@dataclass(frozen=True)
class Now:
    """What a run would start from; `as_of` is naive UTC.

    `landed` and `effective` name raw tables: those with rows that staging lacks, and those with
    rows that take effect between the last complete refresh and `as_of`.
    """

    as_of: datetime
    code_hash: str
    policy_hash: str
    tests_hash: str | None = None
    missing: tuple[str, ...] = ()
    landed: tuple[str, ...] = ()
    effective: tuple[str, ...] = ()
    is_continued: bool = True  # what is staged is in the lake as it was
    has_policy_boundary: bool = False  # a rule or policy begins or ends since the last refresh
    has_delta: bool = False  # leads of the last refresh are left in the tables of changes


@dataclass(frozen=True)
class Nothing:
    """The last refresh stands."""


@dataclass(frozen=True)
class Everything:
    """All is built from the lake, whatever stands."""

    reason: str


@dataclass(frozen=True)
class Again:
    """All models are built upon what they hold, and all tests run."""

    reason: str


@dataclass(frozen=True)
class Changed:
    """What comes after these raw tables is built, and what moves with `as_of`, if it is later."""

    tables: tuple[str, ...]
    is_later: bool
    has_delta: bool


Answer = Nothing | Everything | Again | Changed


def decide(
    last: Refresh | None,
    since: Sequence[Refresh],
    now: Now,
    is_asked_for: bool = False,
    tests_all: bool = False,
) -> Answer:
    """What to build; `last` is the last complete refresh, `since` what was begun after it.

    Asked for is a build of everything, and with `tests_all` that every test looks at every row.
    """
    reason = reason_for_everything(last, since, now, is_asked_for)
    if reason is not None or last is None:
        return Everything(reason or NONE_YET)
    if since:
        return Again("the last run was not completed")
    if not last.is_tested or last.tests_hash != now.tests_hash:
        return Again("a test is new, has changed or was left out")
    if tests_all:
        return Again("all tests were asked for")
    is_later = now.as_of > last.as_of
    tables = {*now.landed, *(now.effective if is_later else ())}
    if not tables and not is_later:
        return Nothing()
    return Changed(tuple(sorted(tables)), is_later, now.has_delta)


NONE_YET = "none has been completed yet"


def reason_for_everything(
    last: Refresh | None, since: Sequence[Refresh], now: Now, is_asked_for: bool = False
) -> str | None:
    """The first reason to build in full, None where there is none."""
    if (reason := reason_for_a_part(last, is_asked_for)) is not None or last is None:
        return reason
    runs = [last, *since]
    reasons = {
        "the last one was not completed": any(run.is_full for run in since),
        "a table is missing": bool(now.missing),
        "a model, a macro, a variable or the engine has changed": any(
            run.code_hash != now.code_hash for run in runs
        ),
        "the policy has changed": any(run.policy_hash != now.policy_hash for run in runs),
        "as_of lies before that of an earlier run": any(
            not last.as_of <= run.as_of <= now.as_of for run in runs
        ),
        "a part of the policy takes effect or ends": now.has_policy_boundary,
        "raw rows vanished, changed or landed out of order": not now.is_continued,
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def reason_for_a_part(last: Refresh | None, is_asked_for: bool) -> str | None:
    """The same for a run of a part of the models, which a change elsewhere is no reason for."""
    if is_asked_for:
        return "it was asked for"
    return NONE_YET if last is None else None


def refusal(rebuilt: Sequence[str], missing_leads: int) -> str | None:
    """Why a part can't be built: tables that keep all leads hold what the models before them have,
    and these have the leads of the last refresh alone. None where it can."""
    if not rebuilt or not missing_leads:
        return None
    return (
        f"{', '.join(rebuilt)} cannot be rebuilt from the leads of the last refresh alone;"
        " run dbt build --full-refresh"
    )


def selection(answer: Changed) -> list[str]:
    """The answer as dbt selects nodes, each with all that comes after it."""
    chosen = [f"source:raw.{table}+" for table in answer.tables]
    # They would else name leads of the last refresh, which nothing has happened to.
    chosen += ["config.schema:delta+"] if answer.tables and answer.has_delta else []
    chosen += ["tag:clock+"] if answer.is_later else []
    return chosen
