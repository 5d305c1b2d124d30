"""The calendar of the sample data: when a business is busy, and when rows reach an export.

Times are epoch seconds (UTC) and days are epoch days, as int64, everywhere in the sample modules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from team.sample.text import IntArray

DAY = 86_400
HISTORY_DAYS = 546  # 78 weeks: a year and a half that starts and ends on the same weekday
MARGIN_DAYS = 150  # before and after the history: anonymous visits, rates, events of the future

FloatArray = NDArray[np.float64]
# Share of the activity per UTC hour: European and American office hours with a lunch dip.
HOURS = (1, 1, 1, 1, 1, 2, 5, 14, 26, 32, 34, 31, 22, 26, 32, 33, 29, 23, 16, 11, 8, 5, 3, 2)


def _season(day: date) -> float:
    """Return how busy a day of the year is, 1 being normal."""
    if (day.month, day.day) >= (12, 20) or (day.month, day.day) <= (1, 3):
        return 0.3
    if day.month == 8:
        return 0.62
    return 1.3 if day.month % 3 == 0 and day.day > 14 else 1.0


@dataclass(frozen=True)
class Calendar:
    """The days of the history with their weights; `season` and `quarter` start at `first_day`."""

    end: int
    start: int
    first_day: int
    season: FloatArray
    quarter: IntArray
    lead_cdf: FloatArray

    @classmethod
    def until(cls, end: datetime) -> Calendar:
        """Return the calendar of the 78 weeks up to `end` (naive is UTC)."""
        aware = end.replace(tzinfo=UTC) if end.tzinfo is None else end
        end_at = int(aware.timestamp())
        start_at = end_at - HISTORY_DAYS * DAY
        first_day = start_at // DAY - MARGIN_DAYS
        span = HISTORY_DAYS + 2 * MARGIN_DAYS + 1
        days = [date(1970, 1, 1) + timedelta(days=first_day + offset) for offset in range(span)]
        season = np.array([_season(day) for day in days])
        months = np.array([day.year * 12 + day.month - 1 for day in days])
        quarter = months // 3
        weekend = np.array([day.weekday() >= 5 for day in days])
        growth = 1 + 0.5 * (np.arange(span) - MARGIN_DAYS) / HISTORY_DAYS
        weights = (season * np.where(weekend, 0.18, 1.0) * growth)[MARGIN_DAYS : -MARGIN_DAYS - 1]
        cdf = np.cumsum(weights) / weights.sum()
        return cls(end_at, start_at, first_day, season, quarter, cdf)

    @property
    def first_quarter(self) -> int:
        """Return the number of the quarter in which the history starts."""
        return int(self.quarter[MARGIN_DAYS])

    @property
    def quarters(self) -> int:
        """Return how many calendar quarters the history touches."""
        return int(self.quarter[MARGIN_DAYS + HISTORY_DAYS]) - self.first_quarter + 1

    def quarter_of(self, at: IntArray) -> IntArray:
        """Return the quarter of each time, counted from the history's first and cut to its span."""
        index = np.clip(at // DAY - self.first_day, 0, len(self.quarter) - 1)
        return np.clip(self.quarter[index] - self.first_quarter, 0, self.quarters - 1)

    def daily_share(self) -> FloatArray:
        """Return the share of all leads that each day of the history gets."""
        return np.diff(self.lead_cdf, prepend=0.0)

    def creations(self, rng: np.random.Generator, first: int, count: int, total: int) -> IntArray:
        """Return the creation times of the leads `first` ... `first + count - 1` of `total`."""
        position = (np.arange(first, first + count) + rng.random(count)) / total
        days = np.searchsorted(self.lead_cdf, position).clip(0, HISTORY_DAYS - 1)
        at = (self.start // DAY + days) * DAY + office_seconds(rng, count)
        # An end at another time than midnight cuts the first and the last day.
        return np.clip(at, self.start, self.end - 600)

    def snap(self, rng: np.random.Generator, at: IntArray) -> IntArray:
        """Move times to the days and hours when people work; none ends up after the end."""
        days = at // DAY
        for _ in range(2):  # a quiet day mostly moves, and what lands on one again moves again
            index = np.clip(days - self.first_day, 0, len(self.season) - 1)
            quiet = rng.random(len(at)) * 1.2 > self.season[index]
            days = days + np.where(quiet, rng.integers(-20, 21, len(at)), 0)
        weekday = (days + 3) % 7
        weekend = (weekday >= 5) & (rng.random(len(at)) < 0.8)
        days = days + np.where(weekend, 7 - weekday, 0)
        moved = days * DAY + office_seconds(rng, len(at))
        weeks_over = -((self.end - 7200 - moved) // (7 * DAY))
        return moved - np.maximum(weeks_over, 0) * 7 * DAY

    def exported(self, rng: np.random.Generator, at: IntArray, late: float = 0.01) -> IntArray:
        """Return when an hourly export picked the rows up; a share `late` weeks afterwards.

        A delay beyond the end is left out, or the last day would get all that was to come later.
        """
        loaded = (at // 3600 + 1) * 3600 + 300
        delay = np.where(rng.random(len(at)) < late, rng.integers(DAY, 45 * DAY, len(at)), 0)
        return np.minimum(np.where(loaded + delay > self.end, loaded, loaded + delay), self.end)


def office_seconds(rng: np.random.Generator, count: int) -> IntArray:
    """Return `count` seconds of the day that follow office hours."""
    cdf = np.cumsum(HOURS) / sum(HOURS)
    hours = np.searchsorted(cdf, rng.random(count)).clip(0, 23)
    return hours * 3600 + rng.integers(0, 3600, count)


def fading(
    rng: np.random.Generator, since: IntArray, until: int | IntArray, days: float
) -> IntArray:
    """Return a time per row in [since, until], exponentially rarer with a mean of `days`."""
    span = np.maximum(until - since, 1).astype(np.float64)
    scale = days * DAY
    share = rng.random(len(since)) * -np.expm1(-span / scale)
    return since + (-scale * np.log1p(-share)).astype(np.int64).clip(0, None)
