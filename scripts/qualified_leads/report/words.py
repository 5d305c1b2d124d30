"""What is up or down against the month before, in words, and how numbers are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from babel.numbers import format_currency, get_currency_symbol

from qualified_leads.figures import UNKNOWN, ratio
from qualified_leads.report.data import Row

MINUS = "\N{MINUS SIGN}"
# Two standard errors: what differs less would differ as much by chance in one of twenty months.
CHANCE = 2.0


def show(value: Any, kind: str, currency: str) -> str:
    """A value as text. Kinds: text, count, money, rate, days, number, plain, month, day,
    yes.
    """
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return UNKNOWN
    if kind == "text" or isinstance(value, str):  # such as `all` in a row of totals
        return str(value)
    if kind == "yes":
        return "yes" if value else "no"
    if kind == "month":
        return f"{value:%b %Y}"
    if kind == "day":
        return f"{value:%-d %b %Y}"
    if kind == "money":
        return _money(value, currency)
    text = {
        "count": f"{value:,.0f}",
        "rate": f"{value:,.1%}",
        "days": f"{value:,.1f}",
        "plain": f"{value:g}",
    }.get(kind, f"{value:,.2f}")
    return text.replace("-", MINUS)


def _money(value: float, currency: str) -> str:
    # Cents matter in a cost per lead and are noise in a year's revenue.
    digits = "#,##0" if abs(value) >= 10_000 else "#,##0.00"
    gap = "\N{NO-BREAK SPACE}" if get_currency_symbol(currency, "en")[-1:].isalpha() else ""
    text = format_currency(value, currency, f"¤{gap}{digits}", "en", currency_digits=False)
    return text.replace("-", MINUS)


def show_moment(moment: datetime | None) -> str:
    """`1 July 2026, 00:00 UTC`."""
    return f"{moment:%-d %B %Y, %H:%M} UTC" if moment else "not said by the file's name"


@dataclass(frozen=True)
class Change:
    """A measure of one month against the month before.

    `trials` are the denominators of a rate (now, before), `events` the counts that an amount or a
    return stands on; `is_better_up` is None where neither direction is better.
    """

    name: str
    kind: str
    now: float | None
    before: float | None
    is_better_up: bool | None = True
    trials: tuple[float, float] | None = None
    events: tuple[float, float] | None = None

    @property
    def difference(self) -> float | None:
        return None if self.now is None or self.before is None else self.now - self.before

    @property
    def direction(self) -> str:
        """up, down, same, or unknown where one of the two is."""
        if self.difference is None:
            return "unknown"
        if self.difference == 0:
            return "same"
        return "up" if self.difference > 0 else "down"

    @property
    def is_chance(self) -> bool:
        """Whether it is no more than two standard errors of the counts behind it."""
        if self.difference is None or self.direction == "same":
            return False
        if self.kind == "count":
            return abs(self.difference) <= CHANCE * math.sqrt((self.now or 0) + (self.before or 0))
        if self.kind == "rate" and self.trials is not None:
            n, m = self.trials
            pooled = ((self.now or 0) * n + (self.before or 0) * m) / (n + m)
            error = math.sqrt(max(pooled * (1 - pooled), 0) * (1 / n + 1 / m))
            return abs(self.difference) <= CHANCE * error
        return self._is_chance_of_events()

    def _is_chance_of_events(self) -> bool:
        """Whether the counts behind an amount alone would make it differ as much.

        The logarithm of a ratio of counts n and m has the standard error sqrt(1/n + 1/m). Amounts
        of single deals vary on top of that, so this errs on the side of calling a change clear.
        """
        if self.events is None or not all(self.events):
            return False
        # What is multiplied by the count: the amount, or of a return revenue over spend.
        now, before = (
            (value or 0) + (1 if self.kind == "rate" else 0) for value in (self.now, self.before)
        )
        if now <= 0 or before <= 0:
            return False
        error = math.sqrt(sum(1 / count for count in self.events))
        return abs(math.log(now / before)) <= CHANCE * error

    @property
    def verdict(self) -> str:
        """better, worse or neutral; what chance explains is neutral."""
        if self.direction in ("same", "unknown") or self.is_better_up is None or self.is_chance:
            return "neutral"
        return "better" if (self.direction == "up") == self.is_better_up else "worse"

    @property
    def size(self) -> str:
        """`12 %` of a count or amount, `1.5 points` of a rate."""
        if self.difference is None:
            return ""
        if self.kind == "rate":
            return f"{abs(self.difference) * 100:,.1f} points"
        share = ratio(abs(self.difference), abs(self.before or 0))
        if share is None:
            return "from zero"
        return f"{share:.0%}" if share < 10 else "more than tenfold"

    @property
    def words(self) -> str:
        """`up 12%`, `down 1.5 points`, `unchanged`."""
        if self.direction == "unknown":
            return "not comparable"
        return "unchanged" if self.direction == "same" else f"{self.direction} {self.size}"


def headline(changes: Sequence[Change]) -> list[tuple[str, str]]:
    """(label, names with sizes) for what is up, down, about the same and not comparable."""
    groups: dict[str, list[str]] = {"Up": [], "Down": [], "No clear change": [], "Unknown": []}
    for change in changes:
        if change.direction == "unknown":
            groups["Unknown"].append(change.name)
        elif change.direction == "same" or change.is_chance:
            groups["No clear change"].append(f"{change.name} ({change.words})")
        else:
            groups[change.direction.capitalize()].append(f"{change.name} ({change.size})")
    return [(label, ", ".join(names)) for label, names in groups.items() if names]


def movers(now: Sequence[Row], before: Sequence[Row], column: str, count: int = 3) -> list[Row]:
    """The sources whose counts moved most: lead_source, now, before, difference."""
    earlier = {row["lead_source"]: row[column] or 0 for row in before}
    later = {row["lead_source"]: row[column] or 0 for row in now}
    rows = [
        {
            "lead_source": source,
            "now": later.get(source, 0),
            "before": earlier.get(source, 0),
            "difference": later.get(source, 0) - earlier.get(source, 0),
        }
        for source in sorted(earlier.keys() | later.keys(), key=str)
    ]
    moved = [row for row in rows if row["difference"]]
    return sorted(moved, key=lambda row: -abs(row["difference"]))[:count]


def volume_changes(now: Row, before: Row) -> list[Change]:
    """What happened in a month against the month before (sums of the period basis)."""
    names = (("Leads", "leads"), ("MQLs", "mqls"), ("SQLs", "sqls"), ("Customers", "customers"))
    return [
        *(Change(name, "count", now[column], before[column]) for name, column in names),
        Change(
            "Revenue",
            "money",
            now["revenue"],
            before["revenue"],
            events=(now["customers"] or 0, before["customers"] or 0),
        ),
        Change("Spend", "money", now["spend"], before["spend"], None),
    ]


def quality_changes(now: Row, before: Row) -> list[Change]:
    """What became of a month's leads against those of the month before (cohort basis)."""

    def rate(name: str, column: str, of: str) -> Change:
        trials = (now[of], before[of]) if now[of] and before[of] else None
        return Change(name, "rate", now[column], before[column], True, trials)

    def events(column: str) -> tuple[float, float]:
        return now[column] or 0, before[column] or 0

    def cost(name: str, column: str, of: str) -> Change:
        return Change(name, "money", now[column], before[column], False, events=events(of))

    return [
        rate("Lead to MQL", "mql_rate", "leads"),
        rate("MQL to SAL", "sal_rate", "mqls"),
        cost("Cost per MQL", "cost_per_mql", "mqls"),
        cost("Cost per SQL", "cost_per_sql", "sqls"),
        cost("Cost per customer", "cost_per_customer", "customers"),
        Change("ROI", "rate", now["roi"], before["roi"], events=events("customers")),
    ]


def month_name(month: date) -> str:
    """`June 2026`."""
    return f"{month:%B %Y}"
