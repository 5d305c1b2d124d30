"""The data that the benchmark runs on: a history of any size, and the same day after each.

What is generated and loaded stays for the next run. A run gets a warehouse of its own, whose lake
starts as hard links to the loaded history: files of a lake are never written again.
"""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from qualified_leads.errors import UsageError
from qualified_leads.lake.files import lake
from qualified_leads.load.land import load_directory
from qualified_leads.lock import warehouse_lock
from team.sample.calendar import HISTORY_DAYS
from team.sample.generate import generate
from team.sample.later import Later

END = datetime(2026, 7, 1)  # a day that ends on a working day
ACTIVITIES_PER_LEAD = 100
# Of every size the same: somewhat less than a day of ten million activities has. A smaller history
# takes more days to come to as many rows, a larger one gives a part of its leads.
DAY_ROWS = 20_000
ACTIVITIES_OF_A_DAY = 10_000_000
LONGEST_DAYS = HISTORY_DAYS // 4
UNITS = {"": 1, "K": 1_000, "M": 1_000_000}


@dataclass(frozen=True)
class BenchData:
    """One size: where its files are, and the moments before and after the day."""

    activities: int
    directory: Path
    before: datetime
    after: datetime = END

    @property
    def size(self) -> str:
        return format_size(self.activities)

    @property
    def history(self) -> Path:
        return self.directory / "history"

    @property
    def day(self) -> Path:
        return self.directory / "day"

    @property
    def loaded(self) -> Path:
        """A warehouse with nothing but the lake of the history."""
        return self.directory / "loaded"

    @property
    def warehouse(self) -> Path:
        return self.directory / "warehouse"


def parse_sizes(text: str) -> list[int]:
    """Return the numbers of activities in a list such as `1M,10M`. Raises UsageError."""
    return [parse_size(one) for one in text.split(",")]


def parse_size(text: str) -> int:
    found = re.fullmatch(r"(\d+)([KM]?)", text.strip().upper())
    if found is None or int(found[1]) == 0:
        raise UsageError("--activities must be sizes such as 1M,10M or 500000")
    return int(found[1]) * UNITS[found[2]]


def format_size(activities: int) -> str:
    """Return a number of activities as short as it can be parsed again."""
    for unit in ("M", "K"):
        if activities % UNITS[unit] == 0:
            return f"{activities // UNITS[unit]}{unit}"
    return str(activities)


def bench_data(directory: Path, activities: int) -> BenchData:
    """Return where the data of a size is or will be, and its moments."""
    days = min(math.ceil(ACTIVITIES_OF_A_DAY / activities), LONGEST_DAYS)
    return BenchData(activities, directory / format_size(activities), END - timedelta(days=days))


def make_data(
    data: BenchData, progress: Callable[[int, int], None] | None = None, day_rows: int = DAY_ROWS
) -> bool:
    """Generate history and day unless they are there; returns whether it did."""
    if data.history.exists() and data.day.exists():
        return False
    data.directory.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(data.loaded, ignore_errors=True)
    leads = max(1, data.activities // ACTIVITIES_PER_LEAD)
    later = Later(data.day, data.before, day_rows)
    generate(leads, data.activities, 1, data.history, data.after, progress, later)
    return True


def load_history(data: BenchData) -> bool:
    """Load the history unless it is loaded; returns whether it did."""
    if data.loaded.exists():
        return False
    unfinished = data.directory / "loaded.partial"
    shutil.rmtree(unfinished, ignore_errors=True)
    with warehouse_lock(unfinished):
        load_directory(data.history, unfinished)
    unfinished.rename(data.loaded)
    return True


def fresh_warehouse(data: BenchData) -> None:
    """Make the run's warehouse again, with the lake of the history and nothing else."""
    shutil.rmtree(data.warehouse, ignore_errors=True)
    data.warehouse.mkdir(parents=True)
    shutil.copytree(lake(data.loaded), lake(data.warehouse), copy_function=os.link)


def lake_bytes(warehouse: Path) -> int:
    """Return the size of the lake's files."""
    return sum(path.stat().st_size for path in lake(warehouse).rglob("*.parquet"))
