"""The stages of the funnel, and how figures are written where people read them."""

from __future__ import annotations

from decimal import Decimal

UNKNOWN = "–"
STAGES = ("leads", "mqls", "sals", "sqls", "opportunities", "customers")
HEADINGS = ("Leads", "MQLs", "SALs", "SQLs", "Opportunities", "Customers")

Number = int | float | Decimal


def ratio(numerator: Number | None, denominator: Number | None) -> float | None:
    """The quotient, or None where either is unknown or the denominator is zero."""
    if numerator is None or not denominator:
        return None
    return float(numerator) / float(denominator)


def format_count(value: Number | None) -> str:
    return UNKNOWN if value is None else f"{value:,}"


def format_money(value: Number | None) -> str:
    return UNKNOWN if value is None else f"{value:,.2f}"


def format_rate(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:,.1%}"
