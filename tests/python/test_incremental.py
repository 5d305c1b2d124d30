"""However the rows landed, the last refresh leaves what one full build makes of the same lake.

One example costs about seven dbt builds, so a plain run tries one and compares at its end alone.
Before a release:

    make test-incremental

A failure prints the seed, the batches' moments, and of each table the first rows that differ; the
files are left in pytest's temporary directory.
"""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nasty_data import SEED_COLUMNS, Generator, TextRow, TextTables, write_tables
from refreshing import Warehouse, row_counts, snapshot, snapshot_differences

from qualified_leads.contract import load_contract

FIRST_SEED = int(os.environ.get("INCREMENTAL_FIRST_SEED", "41"))
IS_LONG = "INCREMENTAL_EXAMPLES" in os.environ  # every comparison and every step of its own
EXAMPLES = int(os.environ.get("INCREMENTAL_EXAMPLES", "1"))
SHOWN = 40  # lines of differences printed
LARGE = 200  # rows from which a table is large: those that hold state are smaller
LOADED = ("2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04", "2024-03-05")
# Days before the generator's as_of: many lie between boundaries of rules, policies and wins.
AGES = (61, 58, 50, 45, 40, 30, 30, 20, 15, 9, 4, 1, 0, 0, 0, -1, -10, -11)


class Landing:
    """The rows of a generated data set in batches, and the moment of the refresh after each."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"landing {seed}")
        generator = Generator(seed)
        self.seeds = generator.seeds()
        raw = generator.raw()
        for name, rows in raw.items():
            rows += self._landed_again(name, rows)
        count = self.random.randint(3, 6)
        self.batches = self._split(raw, count)
        self.as_ofs = self._as_ofs(generator.as_of, count)
        self.middle = self.random.randrange(count - 1)

    def _landed_again(self, name: str, rows: list[TextRow]) -> list[TextRow]:
        """More rows of known keys: some other values, loaded before, with or after the first."""
        key = load_contract()[name].key
        again = []
        for row in rows:
            if self.random.random() < 0.12:
                other = self.random.choice(rows)
                columns = [c for c in other if c not in key and self.random.random() < 0.5]
                changed = row | {column: other[column] for column in columns}
                again.append(changed | {"_loaded_at": self.random.choice(LOADED)})
        return again

    def _split(self, raw: TextTables, count: int) -> list[TextTables]:
        batches: list[TextTables] = [{} for _ in range(count)]
        empty = self.random.randrange(1, count)
        for name, rows in raw.items():
            # A table lands in some of the batches; later rows of a key may land first.
            open_to = [index for index in range(count) if index != empty]
            chosen = self.random.sample(open_to, self.random.randint(1, len(open_to)))
            for row in rows:
                batches[self.random.choice(chosen)].setdefault(name, []).append(row)
        return batches

    def _as_ofs(self, last: datetime, count: int) -> list[str]:
        ages = sorted(self.random.choices(AGES, k=count), reverse=True)
        if count > 3 and self.random.random() < 0.4:  # back once
            place = self.random.randrange(1, count)
            ages[place - 1], ages[place] = ages[place], ages[place - 1]
        jitter = (timedelta(0), timedelta(hours=6), timedelta(microseconds=1))
        return [str(last - timedelta(days=age) + self.random.choice(jitter)) for age in ages]


def land_and_refresh(warehouse: Warehouse, landing: Landing) -> list[str]:
    """Refresh after every batch; what differs from a full build in the middle and at the end."""
    lines = []
    last = len(landing.batches) - 1
    for index, (batch, as_of) in enumerate(zip(landing.batches, landing.as_ofs, strict=True)):
        warehouse.land(batch)
        warehouse.refresh(as_of)
        if index == last or (IS_LONG and index == landing.middle):
            found = warehouse.compared(as_of)
            lines += [f"after batch {index + 1}: {line}" for line in found]
    return lines


def new_warehouse(root: Path, seeds: TextTables) -> Warehouse:
    """A warehouse with this policy, where nothing has landed."""
    return Warehouse(root, write_tables(root / "seeds", seeds, SEED_COLUMNS))


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + EXAMPLES))
def test_refreshes_equal_a_full_build(seed: int, tmp_path: Path) -> None:
    landing = Landing(seed)
    found = land_and_refresh(new_warehouse(tmp_path, landing.seeds), landing)
    shown = "\n".join(found[:SHOWN])
    moments = ", ".join(landing.as_ofs)
    assert not found, f"seed {seed}, as of {moments}, files in {tmp_path}\n{shown}"


@pytest.mark.long
def test_a_second_refresh_and_other_threads_change_no_row(tmp_path: Path) -> None:
    generator = Generator(63)
    as_of = str(generator.as_of)
    warehouse = new_warehouse(tmp_path, generator.seeds())
    warehouse.land(generator.raw())
    warehouse.set_threads(1)
    warehouse.refresh(as_of)
    first, counts = snapshot(warehouse.database), row_counts(warehouse.database)
    warehouse.refresh(as_of)
    assert not snapshot_differences(first, snapshot(warehouse.database))
    grown = {
        name: (counts.get(name, 0), count)
        for name, count in row_counts(warehouse.database).items()
        if count >= LARGE and count > counts.get(name, 0)
    }
    assert not grown
    warehouse.set_threads(8)
    found = warehouse.compared(as_of)
    assert not found, "\n".join(found[:SHOWN])
