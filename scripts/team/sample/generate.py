"""A believable year and a half of B2B marketing and sales, in the raw contract.

Everything follows from the arguments: no clock, no network, no thread count. Leads are made in
slices (each with its own random stream), so memory does not grow with the number of activities.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from qualified_leads.errors import UsageError
from team.sample import (
    activities as sample_activities,
)
from team.sample import (
    market as sample_market,
)
from team.sample import (
    people as sample_people,
)
from team.sample import (
    profiles as sample_profiles,
)
from team.sample import (
    sales as sample_sales,
)
from team.sample.calendar import HISTORY_DAYS, Calendar
from team.sample.later import Later, SplitWriter, write_later
from team.sample.market import Columns, Companies
from team.sample.people import People
from team.sample.write import CsvWriter, ParquetWriter, TableWriter, contract_columns

DEFAULT_END = datetime(2026, 6, 30)
CSV_ACTIVITIES = 500_000  # more than that go to Parquet files
SLICE_ACTIVITIES = 500_000
SLICE_LEADS = 20_000
MAX_LEADS = 50_000_000
MAX_ACTIVITIES = 9_000_000_000
# Records that no loader can type or that lack a required value, one line each of the CSV files.
MALFORMED: dict[str, tuple[dict[str, str], ...]] = {
    "leads": (
        {"lead_id": "", "created_at": "2026-01-05 09:00:00", "lead_source": "direct"},
        {"lead_id": "L80000001", "created_at": "31.02.2026 25:61", "lead_source": "email"},
    ),
    "companies": ({"company_id": "", "domain": "nobody.example", "company_name": "Nobody Ltd"},),
    "activities": (
        {"activity_id": "A8000000001", "lead_id": "L00000001", "activity_type": "page_view",
         "occurred_at": "yesterday"},
        {"activity_id": "A8000000002", "lead_id": "", "activity_type": "page_view",
         "occurred_at": "2026-02-03 10:00:00"},
    ),
    "consents": (
        {"lead_id": "L00000001", "status": "", "occurred_at": "2026-02-03 10:00:00"},
    ),
    "qualification_answers": (
        {"answer_id": "Q800000001", "lead_id": "L00000001", "framework": "BANT",
         "criterion": "budget", "is_met": "perhaps", "assessed_at": "2026-02-03 10:00:00"},
    ),
    "opportunities": (
        {"opportunity_id": "O80000001", "lead_id": "L00000001", "status": "open",
         "amount": "about 12k", "created_at": "2026-02-03 10:00:00"},
    ),
    "spend": ({"spend_id": "S8000001", "spend_date": "2026-02-03", "amount": "n/a"},),
}  # fmt: skip

Progress = Callable[[int, int], None]


class SampleError(UsageError):
    """The arguments ask for something that cannot be generated; nothing has been changed."""


def generate(
    leads: int,
    activities: int,
    seed: int,
    out: Path,
    end: datetime = DEFAULT_END,
    progress: Progress | None = None,
    later: Later | None = None,
) -> dict[str, int]:
    """Write the sample into `out` (made or replaced) and return the rows of each table.

    There are exactly `leads` leads (more rows: versions), and `activities` rows of activities plus
    two malformed ones in CSV. `end` is UTC; the history is the 78 weeks before it. `progress` is
    called with activities written and wanted. With `later`, the rows exported from a moment on
    go into a directory of their own, as CSV files; the counts are those of both.

    Raises SampleError, before anything is written, when an argument is out of range or a directory
    holds something that is not a sample.
    """
    targets = [out] if later is None else [out, later.out]
    _check(leads, activities, seed, targets)
    partial = [target.with_name(target.name + ".partial") for target in targets]
    for directory in partial:
        shutil.rmtree(directory, ignore_errors=True)
    partial[0].mkdir(parents=True)
    try:
        writers = _writers(activities, partial[0], later)
        rows = _write(leads, activities, seed, writers, Calendar.until(end), progress)
        if later is not None:
            put_aside = {n: w.later() for n, w in writers.items() if isinstance(w, SplitWriter)}
            write_later(put_aside, later, partial[1])
    except BaseException:
        for directory in partial:
            shutil.rmtree(directory, ignore_errors=True)
        raise
    for directory, target in zip(partial, targets, strict=True):
        if target.exists():
            shutil.rmtree(target)
        directory.rename(target)
    return rows


def _check(leads: int, activities: int, seed: int, targets: list[Path]) -> None:
    if not 1 <= leads <= MAX_LEADS:
        raise SampleError(f"leads must be between 1 and {MAX_LEADS}")
    if not 0 <= activities <= MAX_ACTIVITIES:
        raise SampleError(f"activities must be between 0 and {MAX_ACTIVITIES}")
    if seed < 0:
        raise SampleError("seed must not be negative")
    ours = {f"{table}.csv" for table in contract_columns()} | {"activities"}
    for out in targets:
        if out.exists() and not out.is_dir():
            raise SampleError("the output is a file, not a directory")
        if out.is_dir() and any(entry.name not in ours for entry in out.iterdir()):
            raise SampleError(
                "the output directory holds files that are not a sample; choose another"
            )


def _writers(activities: int, out: Path, later: Later | None) -> dict[str, TableWriter]:
    writers: dict[str, TableWriter] = {
        table: ParquetWriter(table, out)
        if table == "activities" and activities > CSV_ACTIVITIES
        else CsvWriter(table, out)
        for table in contract_columns()
    }
    if later is None:
        return writers
    return {table: SplitWriter(writer, later.since) for table, writer in writers.items()}


def _write(
    leads: int,
    activities: int,
    seed: int,
    writers: dict[str, TableWriter],
    calendar: Calendar,
    progress: Progress | None,
) -> dict[str, int]:
    companies = _write_market(seed, leads, calendar, writers)
    for first, count, share in _slices(calendar, leads, activities):
        rng, source_rng = (np.random.default_rng([seed, part, first]) for part in (1, 2))
        people = sample_people.make_people(rng, calendar, companies, first, count, leads)
        _write_slice(rng, source_rng, people, companies, calendar, share, writers)
        if first == 0:
            _write_malformed(writers)
        if progress:
            progress(writers["activities"].rows, activities)
    for writer in writers.values():
        writer.close()
    return {table: writer.rows for table, writer in writers.items()}


def _write_market(
    seed: int, leads: int, calendar: Calendar, writers: dict[str, TableWriter]
) -> Companies:
    """Write what does not hang on single leads; each table has a random stream of its own."""
    streams = [np.random.default_rng([seed, 0, number]) for number in range(6)]
    companies = sample_market.make_companies(streams[0], leads)
    writers["companies"].write(sample_market.company_rows(streams[1], companies, calendar))
    writers["company_technologies"].write(
        sample_market.technology_rows(streams[2], companies, calendar)
    )
    writers["campaigns"].write(sample_market.campaign_rows(streams[3], calendar))
    writers["spend"].write(sample_market.spend_rows(streams[4], calendar, leads))
    writers["exchange_rates"].write(sample_market.rate_rows(streams[5], calendar))
    return companies


def _slices(calendar: Calendar, leads: int, activities: int) -> Iterator[tuple[int, int, int]]:
    """Yield first lead, number of leads and number of activities of each slice.

    The younger the leads of a slice, the fewer of the activities are theirs.
    """
    size = min(SLICE_LEADS, max(1, int(SLICE_ACTIVITIES * leads / max(activities, 1))))
    position = (np.arange(leads) + 0.5) / leads
    day = np.searchsorted(calendar.lead_cdf, position).clip(0, HISTORY_DAYS - 1)
    weight = np.cumsum(sample_activities.recency(calendar, calendar.start + day * 86_400))
    bounds = np.append(np.arange(0, leads, size), leads)
    cumulated = np.append(0.0, weight)[bounds] / weight[-1]
    written = np.floor(cumulated * activities + 1e-6).astype(np.int64)
    for number in range(len(bounds) - 1):
        first, following = int(bounds[number]), int(bounds[number + 1])
        yield first, following - first, int(written[number + 1] - written[number])


def _write_slice(
    rng: np.random.Generator,
    source_rng: np.random.Generator,
    people: People,
    companies: Companies,
    calendar: Calendar,
    activities: int,
    writers: dict[str, TableWriter],
) -> None:
    journey = sample_sales.make_journey(rng, people, calendar)
    # A slice never has more records than rows, so numbering from the rows written keeps keys apart.
    following = {table: writer.rows + 1 for table, writer in writers.items()}
    tables: dict[str, Columns] = {
        "leads": sample_people.lead_rows(rng, people, companies, calendar),
        "lead_attributes": sample_profiles.attribute_rows(rng, people, companies, calendar),
        "consents": sample_profiles.consent_rows(rng, people, calendar),
        "experiment_assignments": sample_profiles.assignment_rows(rng, people, calendar),
        "intent_signals": sample_profiles.intent_rows(
            rng, people, companies, calendar, journey.hot_at, following["intent_signals"]
        ),
        "dispositions": sample_sales.disposition_rows(
            rng, people, journey, calendar, following["dispositions"]
        ),
        "qualification_answers": sample_sales.answer_rows(
            rng, people, journey, calendar, following["qualification_answers"]
        ),
        "opportunities": sample_sales.opportunity_rows(
            rng, people, companies, journey, calendar, following["opportunities"]
        ),
    }
    again = sample_activities.duplicates(activities)
    events = sample_activities.make_events(rng, people, journey, calendar, activities - again)
    tables["activities"] = sample_activities.activity_rows(
        rng, source_rng, people, events, calendar, following["activities"], again
    )
    for table, columns in tables.items():
        writers[table].write(columns)


def _write_malformed(writers: dict[str, TableWriter]) -> None:
    for table, records in MALFORMED.items():
        for record in records:
            writers[table].write_record(record)
