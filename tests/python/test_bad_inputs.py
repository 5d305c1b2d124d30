"""Nothing is lost in silence: bad inputs, each with what has to become of it.

Files that can't be read are in `test_load_files.CASES`; here are those of many rows or many loads,
and rows of the right type and the wrong meaning, which go through one build.
Always: rows in = landed + rejected, and landed = staged + superseded + quarantined + deleted.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from harness import build_case
from test_load_files import CASES

from qualified_leads.errors import UsageError

pytestmark = pytest.mark.promise("Nothing is lost in silence")
AS_OF = "2026-07-01 00:00:00"
HEAD = "lead_id,created_at,email\n"
NOTHING = ()


def test_the_corpus_of_files_is_large_enough(record_property) -> None:
    """Those files are tested beside the loader; with the cases below there are over a hundred."""
    bad = [case for case in CASES if case.rejects or case.refused or case.warned]
    assert len(bad) + len(ROWS) >= 60
    record_property("points", 1)


@pytest.mark.skipif(not os.environ.get("FAULTS"), reason="`make test-faults`; or test_load_files")
def test_rows_in_are_landed_or_rejected_in_every_file(load, record_property) -> None:
    read = [case for case in CASES if not case.refused]
    for number, case in enumerate(read):
        stem, _, suffix = case.file.partition(".")
        report = load({f"{stem}/{number}.{suffix}": case.data})
        (found,) = [f for f in report.files if f.file == f"{stem}/{number}.{suffix}"] or [None]
        if found is not None and not found.is_known:
            assert found.rows == found.landed + found.rejected_count, case.name
            assert found.landed == case.landed and found.rejected_count == len(case.rejects)
    record_property("points", len(read))


# Files of many rows


def rows(count: int, first: int = 0) -> str:
    return "".join(f"L{n},2026-01-01,l{n}@x.com\n" for n in range(first, first + count))


def test_unbalanced_quote_that_swallows_thousands_of_rows_is_refused(load, lake) -> None:
    text = HEAD + rows(10) + 'B,2026-01-01,"open\n' + rows(5000, 10) + 'C,2026-01-01,"y"\n'
    with pytest.raises(UsageError, match=r"leads\.csv: the quotes of the record on line 12"):
        load({"leads.csv": text})
    assert lake("leads") == []


def test_one_wrong_row_of_a_million_is_found_at_its_line(load, lake) -> None:
    lines = ["2026-01-01"] * 1_000_000
    lines[777_777] = "someday"
    text = "lead_id,created_at\n" + "".join(f"{n},{day}\n" for n, day in enumerate(lines))
    report = load({"leads.csv": text})
    assert report.landed == 999_999
    assert report.rejected == {("leads", "created_at: not a timestamp"): 1}
    assert lake("rejected_rows", "line, record") == [(777_779, "777777,someday")]


def test_huge_field_is_landed_whole(load, lake) -> None:
    load({"leads.csv": HEAD + "a,2026-01-01," + "x" * 20_000_000 + "\n"})
    assert lake("leads", "length(email)") == [(20_000_000,)]


def test_record_without_end_is_refused(load, lake) -> None:
    with pytest.raises(UsageError, match="line 2"):
        load({"leads.csv": HEAD + 'a,2026-01-01,"' + "x" * 70_000_000 + "\n"})
    assert lake("leads") == []


def test_the_same_content_under_another_name_lands_once(load, lake) -> None:
    load({"leads.csv": HEAD + rows(3)})
    report = load({"leads/copy.csv": HEAD + rows(3)})
    assert [file.is_known for file in report.files] == [True, True] and report.landed == 0
    assert len(lake("leads")) == 3


def test_columns_that_change_type_or_vanish_between_loads(load, lake, tmp_path: Path) -> None:
    load({"spend.csv": "spend_id,spend_date,amount,clicks\ns1,2026-01-01,5,7\n"})
    report = load({"spend.csv": "spend_id,spend_date,amount,clicks\ns2,2026-01-01,5,many\n"})
    assert report.rejected == {("spend", "clicks: not a whole number"): 1}
    load({"spend.csv": "spend_id,spend_date,amount\ns3,2026-01-01,5\n"})
    table = pa.table({"spend_id": [4], "spend_date": ["2026-01-01"], "amount": [5.0]})
    pq.write_table(table, tmp_path / "x")
    load(
        {
            "spend.csv": "spend_id,spend_date,amount\n",
            "spend.parquet": (tmp_path / "x").read_bytes(),
        }
    )
    with pytest.raises(UsageError, match="lacks the required column amount"):
        load({"spend.csv": "spend_id,spend_date\ns5,2026-01-01\n"})
    found = lake("spend", "spend_id, cast(amount as double), clicks", "order by spend_id")
    assert found == [("4", 5.0, None), ("s1", 5.0, 7), ("s3", 5.0, None)]


# Rows of the right type and the wrong meaning: all in one build

Row = dict[str, str]


@dataclass(frozen=True)
class Case:
    """Rows of a table, the reasons of those in quarantine by key, and how many others are out."""

    name: str
    table: str
    rows: tuple[Row, ...]
    quarantined: tuple[tuple[str, str], ...] = NOTHING
    superseded: int = 0
    deleted: int = 0
    then: dict[str, object] = field(default_factory=dict)  # query on the build -> its one value


def lead(lead_id: str, **more: str) -> Row:
    return {"lead_id": lead_id, "created_at": "2026-01-01", **more}


def booking(spend_id: str, **more: str) -> Row:
    return {"spend_id": spend_id, "spend_date": "2026-01-01", "amount": "10", **more}


def activity(activity_id: str, **more: str) -> Row:
    whole = {"activity_id": activity_id, "lead_id": "L", "activity_type": "page_view"}
    return whole | {"occurred_at": "2026-01-02", **more}


def deal(opportunity_id: str, **more: str) -> Row:
    whole = {"opportunity_id": opportunity_id, "lead_id": "L", "status": "open"}
    return whole | {"created_at": "2026-01-02", **more}


LONG = "12345678901234567890"
ROWS = [
    Case("a good lead", "leads", (lead("L", email="l@good.example"),)),
    Case(
        "created in the future", "leads", (lead("F", created_at="2026-08-01"),), (("F", "future"),)
    ),
    Case("created at as_of", "leads", (lead("N", created_at=AS_OF),)),
    Case(
        "a circle of two",
        "leads",
        (lead("C1", merged_into_lead_id="C2"), lead("C2", merged_into_lead_id="C1")),
        (("C1", "merge_cycle"), ("C2", "merge_cycle")),
    ),
    Case(
        "one that leads into the circle",
        "leads",
        (lead("C3", merged_into_lead_id="C1"),),
        (("C3", "merge_cycle"),),
    ),
    Case("merged into itself", "leads", (lead("S", merged_into_lead_id="S"),)),
    Case("merged into nobody", "leads", (lead("O", merged_into_lead_id="nobody"),)),
    Case("the same row twice", "leads", (lead("T"), lead("T")), superseded=1),
    Case(
        "three versions of one time",
        "leads",
        (lead("V", job_title="a"), lead("V", job_title="b"), lead("V", job_title="c")),
        superseded=2,
    ),
    Case(
        "e-mail in other case and blanks",
        "leads",
        (lead("E1", email="Eva@Mail.example"), lead("E2", email="  eva@mail.EXAMPLE ")),
        then={
            "select count(distinct survivor_lead_id) from marts.bridge_lead_identity "
            "where lead_id in ('E1', 'E2')": 1
        },
    ),
    Case(
        "blanks around an id",
        "leads",
        (lead("  B  "),),
        then={"select count(*) from marts.fct_leads where lead_id = 'B'": 1},
    ),
    Case(
        "an id of twenty digits",
        "leads",
        (lead(LONG), lead(LONG[:-1] + "1")),
        then={f"select count(*) from marts.fct_leads where lead_id like '{LONG[:-1]}%'": 2},
    ),
    Case(
        "an id with zeros in front",
        "leads",
        (lead("007"), lead("7")),
        then={"select count(*) from marts.fct_leads where lead_id in ('7', '007')": 2},
    ),
    Case("no e-mail at all", "leads", (lead("M1", email="not an address"), lead("M2", email="@"))),
    Case(
        "an hour that daylight saving skips",
        "leads",
        (lead("D1", created_at="2026-03-29 02:30:00"),),
        then={
            "select created_at = timestamp '2026-03-29 02:30:00' from marts.fct_leads "
            "where lead_id = 'D1'": True
        },
    ),
    Case(
        "an hour that daylight saving repeats, with offsets",
        "leads",
        (
            lead("D2", created_at="2025-10-26 02:30:00+02:00"),
            lead("D3", created_at="2025-10-26 02:30:00+01:00"),
        ),
        then={
            "select string_agg(cast(created_at as text), ' ' order by lead_id) "
            "from marts.fct_leads "
            "where lead_id in ('D2', 'D3')": "2025-10-26 00:30:00 2025-10-26 01:30:00"
        },
    ),
    Case(
        "a deleted lead",
        "leads",
        (lead("X", email="x@gone.example", is_deleted="true"),),
        then={"select email is null and is_deleted from marts.dim_leads where lead_id = 'X'": True},
    ),
    Case(
        "an unknown source",
        "leads",
        (lead("U", lead_source="carrier pigeon"),),
        then={"select lead_source from marts.fct_leads where lead_id = 'U'": "unknown"},
    ),
    Case(
        "negative spend", "spend", (booking("s-neg", amount="-1"),), (("s-neg", "negative_spend"),)
    ),
    Case("a refund", "spend", (booking("s-ref", amount="-1", is_refund="true"),)),
    Case(
        "spend of tomorrow",
        "spend",
        (booking("s-fut", spend_date="2026-07-02"),),
        (("s-fut", "future"),),
    ),
    Case(
        "a currency that nobody knows",
        "spend",
        (booking("s-cur", currency="XXZ"),),
        (("s-cur", "missing_rate"),),
    ),
    Case(
        "a rate that comes too late",
        "spend",
        (booking("s-rate", currency="USD", spend_date="2025-12-31"),),
        (("s-rate", "missing_rate"),),
    ),
    Case(
        "a rate in force",
        "spend",
        (booking("s-usd", currency="usd"),),
        then={
            "select cast(reporting_amount as text) from marts.fct_spend "
            "where spend_id = 's-usd'": "5.00"
        },
    ),
    Case("a booking twice", "spend", (booking("s-two"), booking("s-two")), superseded=1),
    Case(
        "negative spend that is deleted",
        "spend",
        (booking("s-del", amount="-1", currency="XXZ", is_deleted="true"),),
        deleted=1,
    ),
    Case(
        "a tenth of a cent",
        "spend",
        (booking("s-small", amount="0.005"),),
        then={
            "select cast(reporting_amount as text) from marts.fct_spend "
            "where spend_id = 's-small'": "0.01"
        },
    ),
    Case(
        "an orphan",
        "activities",
        (activity("a-orphan", lead_id="nobody"),),
        (("a-orphan", "unknown_lead"),),
    ),
    Case(
        "an activity of tomorrow",
        "activities",
        (activity("a-fut", occurred_at="2026-07-02"),),
        (("a-fut", "future"),),
    ),
    Case(
        "an activity of a quarantined lead",
        "activities",
        (activity("a-circle", lead_id="C1"),),
        (("a-circle", "unknown_lead"),),
    ),
    Case(
        "a deleted activity of nobody, tomorrow",
        "activities",
        (activity("a-del", lead_id="nobody", occurred_at="2026-07-02", is_deleted="true"),),
        deleted=1,
    ),
    Case("an activity of no known type", "activities", (activity("a-type", activity_type="fax"),)),
    Case("an activity twice", "activities", (activity("a-two"), activity("a-two")), superseded=1),
    Case("an activity of a merged lead", "activities", (activity("a-self", lead_id="S"),)),
    Case(
        "a deal of nobody",
        "opportunities",
        (deal("o-orphan", lead_id="nobody"),),
        (("o-orphan", "unknown_lead"),),
    ),
    Case(
        "a deal without lead",
        "opportunities",
        (deal("o-free", lead_id=" ", status="won", amount="5", currency="USD"),),
        (("o-free", "no_lead"),),
        then={
            "select cast(held_back_amount as text) from marts.fct_quarantined_rows "
            "where record_key = 'o-free'": "2.50"
        },
    ),
    Case(
        "a deal of tomorrow",
        "opportunities",
        (deal("o-fut", created_at="2026-07-02"),),
        (("o-fut", "future"),),
    ),
    Case(
        "a deleted deal, with a version of tomorrow",
        "opportunities",
        (
            deal("o-del", updated_at="2026-01-03", status="won", amount="5", currency="XXZ"),
            deal("o-del", updated_at="2026-01-04", lead_id="nobody", is_deleted="true"),
            deal("o-del", updated_at="2026-07-02", status="open"),
        ),
        (("o-del", "future"),),
        deleted=2,
    ),
    Case(
        "a win without a rate",
        "opportunities",
        (deal("o-rate", status="won", amount="5", currency="XXZ", closed_at="2026-02-01"),),
        (("o-rate", "missing_rate"),),
    ),
    Case(
        "a win without an amount",
        "opportunities",
        (deal("o-none", status="won", closed_at="2026-02-01"),),
    ),
    Case(
        "a signal of nobody",
        "intent_signals",
        (
            {
                "signal_id": "i-orphan",
                "lead_id": "nobody",
                "signal_type": "research",
                "occurred_at": "2026-01-02",
            },
        ),
        (("i-orphan", "unknown_lead"),),
    ),
    Case(
        "a signal without lead or domain",
        "intent_signals",
        ({"signal_id": "i-none", "signal_type": "research", "occurred_at": "2026-01-02"},),
        (("i-none", "no_lead_or_domain"),),
    ),
    Case(
        "an answer of nobody",
        "qualification_answers",
        (
            {
                "answer_id": "q-orphan",
                "lead_id": "nobody",
                "framework": "BANT",
                "criterion": "need",
                "is_met": "true",
                "assessed_at": "2026-01-02",
            },
        ),
        (("q-orphan", "unknown_lead"),),
    ),
    Case(
        "a disposition of nobody",
        "dispositions",
        (
            {
                "disposition_id": "d-orphan",
                "lead_id": "nobody",
                "outcome": "accepted",
                "occurred_at": "2026-01-02",
            },
        ),
        (("d-orphan", "unknown_lead"),),
    ),
    Case(
        "rates",
        "exchange_rates",
        ({"currency": "USD", "rate_date": "2026-01-01", "rate_to_reporting": "0.5"},),
    ),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bad")
    (root / "raw").mkdir()
    for table in {case.table for case in ROWS}:
        found = [row for case in ROWS if case.table == table for row in case.rows]
        names = list(dict.fromkeys(name for row in found for name in row))
        with (root / "raw" / f"{table}.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, names, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(found)
    return build_case(root, root / "raw", None, AS_OF)


def ask(work: Path, query: str, *values: object) -> list[tuple]:
    with duckdb.connect(str(work), read_only=True) as connection:
        return connection.execute(query, list(values)).fetchall()


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)
def test_row(built: Path, case: Case) -> None:
    key = next(iter(case.rows[0]))
    keys = sorted({row[key].strip() for row in case.rows})
    held = ask(
        built,
        "select record_key, reason from marts.fct_quarantined_rows "
        "where table_name = ? and record_key in (select unnest(?)) order by all",
        case.table,
        keys,
    )
    assert held == sorted(case.quarantined)
    staged = ask(
        built,
        "select count(*), count_if(row_state = 'superseded'), count_if(row_state = 'deleted') "
        f"from staging.stg_raw__{case.table} where {key} in (select unnest(?))",
        keys,
    )
    assert staged == [(len(case.rows), case.superseded, case.deleted)]
    for query, value in case.then.items():
        assert ask(built, query) == [(value,)], query


def test_every_row_is_accounted_for(built: Path) -> None:
    accounts = ask(
        built,
        "select table_name, row_count, staged, superseded, quarantined, deleted "
        "from marts.fct_row_accounting",
    )
    for table, count, staged, superseded, quarantined, deleted in accounts:
        cases = [case for case in ROWS if case.table == table]
        assert count == staged + superseded + quarantined + deleted, table
        assert count == sum(len(case.rows) for case in cases), table
        assert superseded == sum(case.superseded for case in cases), table
        assert quarantined == sum(len(case.quarantined) for case in cases), table
        assert deleted == sum(case.deleted for case in cases), table
