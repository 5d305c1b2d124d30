"""An erasure changes rows of the person and of nobody else, whatever stands in a form."""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from pathlib import Path

import duckdb
import pytest
from files import write_csv

from qualified_leads.erase.anonymise import ERASED
from qualified_leads.erase.forget import MARK_NAME, erase
from qualified_leads.load.land import load_directory
from qualified_leads.refresh.dbt_run import ARTEFACTS, files_written
from qualified_leads.suppression import EMAIL, LEAD, plain_key, read_suppression

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
# What a form may be filled with and means something elsewhere; the first is an id of a company.
HOSTILE = ["K1", "00000", "google ads", "cpc", "page_view", "won", "A-000001", "de", "summer sale"]
WORDS = ["Anna", "Berg", "google", "ads", "summer", "sale", "page_view", "00000"]
CANARIES = ["canary.{}@nest.example", "+49 30 55{}12", "Canaria{}", "Cuckoo{}", "Nest inspector {}"]


def random_lake(root: Path, seed: int) -> tuple[Path, dict[str, list[dict[str, str]]]]:
    """A small lake of which every text is drawn from few, so that values meet where they should
    not; leads come several to a person by address and by merge."""
    draw = random.Random(seed)
    mails = [f"m{n}@x{n % 3}.example" for n in range(6)] + ["n/a", "google ads", "a@b", ""]
    ids = [f"L{n}" for n in range(12)] + ["google ads", "00000", "m1@x1.example"]
    leads = []
    for number, lead_id in enumerate(ids):
        texts = [
            draw.choice([draw.choice(HOSTILE), canary.format(f"{seed}{number:02}")])
            for canary in CANARIES
        ]
        leads.append(
            {
                "lead_id": lead_id,
                "created_at": f"2026-01-{number + 1:02}",
                "email": draw.choice([*mails, texts[0]]),
                "phone": texts[1],
                "first_name": draw.choice([texts[2], draw.choice(WORDS)]),
                "last_name": draw.choice([texts[3], draw.choice(WORDS)]),
                "job_title": texts[4],
                "company_name": draw.choice(HOSTILE),
                "lead_source": draw.choice(HOSTILE),
                "owner_id": draw.choice(["rep 1", "m1@x1.example", "Anna Berg"]),
                "merged_into_lead_id": draw.choice(["", "", "", *ids[:number]]),
            }
        )

    def rows(key: str, count: int, *others: str) -> list[dict[str, str]]:
        return [
            {key: f"A-0{n:05}" if draw.random() < 0.7 else f"{draw.choice(HOSTILE)} {n}"}
            | {"lead_id": draw.choice([*ids, *mails[:3]])}
            | {name: draw.choice([*HOSTILE, *mails[:3]]) for name in others}
            | {"occurred_at": f"2026-02-{n % 27 + 1:02}"}
            for n in range(count)
        ]

    tables = {
        "leads": leads,
        "activities": rows("activity_id", 60, "activity_type", "campaign_id", "asset"),
        "intent_signals": rows("signal_id", 20, "signal_type", "topic", "domain"),
        "dispositions": rows("disposition_id", 10, "outcome", "reason", "rep_id"),
        "consents": rows("basis", 10, "status"),
        "spend": [
            {
                "spend_id": f"A-0{n:05}",
                "spend_date": "2026-01-01",
                "amount": "10",
                "currency": "EUR",
                "lead_source": draw.choice([*HOSTILE, *mails]),
                "campaign_id": draw.choice(HOSTILE),
            }
            for n in range(20)
        ],
        "companies": [
            {"company_id": one, "domain": f"x{n}.example", "company_name": draw.choice(WORDS)}
            for n, one in enumerate(HOSTILE[:4])
        ],
    }
    raw = root / "raw"
    raw.mkdir(parents=True)
    for table, found in tables.items():
        write_csv(raw / f"{table}.csv", found)
    load_directory(raw, root / "warehouse")
    return root / "warehouse", tables


def landed(warehouse: Path, table: str) -> list[dict]:
    with duckdb.connect() as connection:
        files = str(warehouse / "raw" / table / "*.parquet")
        found = connection.sql(f"from read_parquet('{files}') order by all")
        return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def same_person(leads: list[dict], lead_id: str) -> set[str]:
    """Ids of the leads that merges or addresses join, found the slow way."""
    joined = {lead_id}
    while True:
        mails = {row["email"] for row in leads if row["lead_id"] in joined}
        mails = {mail for mail in mails if mail and "." in mail.rpartition("@")[2] and "@" in mail}
        ids = {row["merged_into_lead_id"] for row in leads if row["lead_id"] in joined} - {None}
        found = {
            row["lead_id"]
            for row in leads
            if row["lead_id"] in joined | ids
            or row["merged_into_lead_id"] in joined
            or row["email"] in mails
        }
        if found | ids | joined == joined:
            return joined
        joined |= found | ids


def frozen(rows: list[dict]) -> Counter:
    return Counter(tuple(row.items()) for row in rows)


@pytest.mark.promise("Erasure is real")
@pytest.mark.parametrize("seed", range(300 if os.environ.get("FAULTS") else 12))
def test_rows_of_everybody_else_stay_to_the_byte(tmp_path: Path, seed: int) -> None:
    warehouse, tables = random_lake(tmp_path, seed)
    before = {table: landed(warehouse, table) for table in tables}
    asked = random.Random(-seed).choice([row["lead_id"] for row in before["leads"]])
    theirs = same_person(before["leads"], asked)
    mails = {row["email"] for row in before["leads"] if row["lead_id"] in theirs}
    # An activity may name a lead by its address.
    theirs |= {mail for mail in mails if mail and "@" in mail and "." in mail.rpartition("@")[2]}
    report = erase(warehouse, [asked], [], SEEDS, [], also_text=False)
    texts = {
        row[name]
        for row in before["leads"]
        if row["lead_id"] in theirs
        for name in ("email", "phone", "first_name", "last_name", "job_title")
    }
    canaries = [one.lower() for one in texts if one and ("canar" in one.lower() or "55" in one)]
    for table, rows in before.items():
        after = landed(warehouse, table)
        assert len(after) == len(rows)
        others = [row for row in rows if row.get("lead_id") not in theirs]
        left = Counter(frozen(after))
        left.subtract(frozen(others))
        assert min(left.values()) >= 0, f"{table}: a row of somebody else has changed"
        own = [dict(row) for row, count in left.items() for _ in range(count)]
        # What reports count by stays, in rows of theirs too.
        for name in ("lead_source", "campaign_id", "activity_type", "outcome", "status", "domain"):
            if rows and name in rows[0]:
                expected = Counter(row[name] for row in rows)
                assert Counter(row[name] for row in after) == expected, (table, name)
        if table == "leads":
            assert all(row["is_deleted"] and not row["first_name"] for row in own)
            assert report.leads == len({row["lead_id"] for row in rows} & theirs)
        told = str(after).lower()
        assert not any(one in told for one in canaries), table


# by hand


def lake_of(root: Path, **tables: list[dict[str, str]]) -> Path:
    for table, rows in tables.items():
        write_csv(root / "raw" / f"{table}.csv", rows)
    load_directory(root / "raw", root / "warehouse")
    return root / "warehouse"


ZOE = {
    "lead_id": "Z1",
    "created_at": "2026-01-01",
    "email": "zoe@nest.example",
    "first_name": "Zoë",
    "last_name": "Quux",
    "phone": "+49 30 555 01 23",
}


@pytest.mark.promise("Erasure is real")
@pytest.mark.parametrize(
    "spelling",
    ["zoe@nest.example", "\u00a0zoe@nest.example", "\tZOE@nest.example", "zoe@nest.example\u200b"],
)
def test_an_address_is_found_in_every_spelling(tmp_path: Path, spelling: str) -> None:
    other = {"lead_id": "Z2", "created_at": "2026-01-02", "email": spelling, "first_name": "Zoë"}
    olga = {"lead_id": "O1", "created_at": "2026-01-02", "email": "olga@nest.example"}
    warehouse = lake_of(tmp_path, leads=[ZOE, other, olga])
    report = erase(warehouse, [], ["zoe@nest.example"], SEEDS, [])
    assert report.leads == 2
    assert [row["first_name"] for row in landed(warehouse, "leads")] == [None] * 3
    assert "zoe@" not in str(landed(warehouse, "leads")).lower()
    # The list knows each spelling that comes again.
    assert read_suppression(warehouse).has_email(spelling)


@pytest.mark.promise("Erasure is real")
def test_domains_and_letters_in_two_forms_are_one_address(tmp_path: Path) -> None:
    mails = ["jos\u00e9@m\u00fcnchen.example", "jose\u0301@xn--mnchen-3ya.example"]
    leads = [ZOE | {"lead_id": f"J{n}", "email": mail} for n, mail in enumerate(mails)]
    warehouse = lake_of(tmp_path, leads=leads)
    assert erase(warehouse, [], [mails[1]], SEEDS, []).leads == 2
    assert "jos" not in str(landed(warehouse, "leads"))
    assert plain_key(EMAIL, mails[0]) == plain_key(EMAIL, mails[1])
    assert plain_key(LEAD, " J1 ") == "J1"


@pytest.mark.promise("Erasure is real")
def test_each_erasure_counts_its_own_leads(tmp_path: Path) -> None:
    olga = {"lead_id": "O1", "created_at": "2026-01-02", "email": "olga@nest.example"}
    warehouse = lake_of(tmp_path, leads=[ZOE, olga])
    told = [erase(warehouse, [one], [], SEEDS, []).leads for one in ("Z1", "O1", "O1", "none")]
    assert told == [1, 1, 0, 0]


@pytest.mark.promise("Erasure is real")
def test_an_activity_whose_lead_is_the_address_goes_along(tmp_path: Path) -> None:
    activity = {"activity_id": "A1", "activity_type": "visit", "occurred_at": "2026-01-03"}
    rows = [
        activity | {"lead_id": "Zoe@nest.example", "asset": "/zoe"},
        activity | {"activity_id": "A2", "lead_id": "ann.zoe@nest.example", "asset": "/ann"},
    ]
    warehouse = lake_of(tmp_path, leads=[ZOE], activities=rows)
    assert erase(warehouse, ["Z1"], [], SEEDS, []).rows == {"leads": 1, "activities": 1}
    (first, second) = landed(warehouse, "activities")
    assert first["lead_id"].startswith("erased-") and first["asset"] is None
    assert (second["lead_id"], second["asset"]) == ("ann.zoe@nest.example", "/ann")


@pytest.mark.promise("Erasure is real")
def test_texts_of_others_that_name_them_are_counted_and_changed_on_request(tmp_path: Path) -> None:
    reasons = [
        "asked by Zoë Quux, zoe@nest.example; Zoë Quux",
        "Zoë Quuxley of ann.zoe@nest.example",
        "see /?mail=zoe%40nest.example.",
    ]
    rows = [
        {
            "disposition_id": f"D{n}",
            "lead_id": "O1",
            "outcome": "accepted",
            "reason": reason,
            "rep_id": "zoe@nest.example" if n == 0 else "R1",
            "occurred_at": "2026-01-03",
        }
        for n, reason in enumerate(reasons)
    ]
    olga = {"lead_id": "O1", "created_at": "2026-01-02", "email": "olga@nest.example"}
    warehouse = lake_of(tmp_path, leads=[ZOE, olga], dispositions=rows)
    dry = erase(warehouse, ["Z1"], [], SEEDS, [], dry_run=True)
    assert dry.rows == {"leads": 1} and dry.leads == 1
    assert dry.mentions.text == {("dispositions", "reason"): 2}
    assert dry.mentions.other == {("dispositions", "rep_id"): 1}
    assert not (warehouse / "suppressed.json").exists() and not (warehouse / MARK_NAME).exists()
    assert landed(warehouse, "leads")[1]["email"] == "zoe@nest.example"
    done = erase(warehouse, ["Z1"], [], SEEDS, [], also_text=True)
    assert done.rows == {"leads": 1, "dispositions": 2}
    after = landed(warehouse, "dispositions")
    assert [row["reason"] for row in after] == [
        f"asked by {ERASED}, {ERASED}; {ERASED}",
        reasons[1],
        f"see /?mail={ERASED}.",
    ]
    assert [row["rep_id"] for row in after] == ["zoe@nest.example", "R1", "R1"]


@pytest.mark.promise("Erasure is real")
def test_rejected_records_are_found_by_key_address_and_name(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    write_csv(raw / "leads.csv", [ZOE])
    (raw / "activities").mkdir()
    records = [
        {"activity_id": "1", "lead_id": "Z1"},
        {"activity_id": "2", "lead_id": "?", "asset": "zoe@nest.example"},
        {"activity_id": "3", "lead_id": "?", "asset": {"by": ["Quux", "zo\u00eb"]}},
        {"activity_id": "Z11", "lead_id": "Z2", "asset": "ann.zoe@nest.example"},
    ]
    rest = {"activity_type": "visit", "occurred_at": "soon"}
    lines = [json.dumps(record | rest) for record in records]
    lines.append(json.dumps(records[3] | rest | {"occurred_at": "2026-01-03"}))
    # A JSON writer may escape any letter.
    text = "\n".join(lines).replace('"zoe@', r'"z\u006fe@')
    (raw / "activities" / "of zoe@nest.example.jsonl").write_text(text)
    load_directory(raw, tmp_path / "warehouse", accepted=("rejected",))
    warehouse = tmp_path / "warehouse"
    assert len(landed(warehouse, "rejected_rows")) == 4
    report = erase(warehouse, ["Z1"], [], SEEDS, [])
    assert report.rows["rejected_rows"] == 4
    kept = landed(warehouse, "rejected_rows")
    assert [row["file"] for row in kept] == [ERASED] * 4
    records = sorted(row["record"] for row in kept)
    assert records[:3] == ["", "", ""] and "ann.zoe" in records[3]


@pytest.mark.promise("Erasure is real")
def test_tables_of_an_el_tool_lose_the_texts_that_no_contract_describes(tmp_path: Path) -> None:
    warehouse = lake_of(tmp_path, leads=[ZOE])
    with duckdb.connect(str(warehouse / "work.duckdb")) as connection:
        connection.execute(
            """
            create schema raw;
            create table raw.notes as
            select unnest(['Z1', 'O1']) as lead_id, 'by Zoë Quux' as note, 7 as size;
            create table raw.dispositions as
            select 'D1' as disposition_id, 'Z1' as lead_id, 'No budget' as reason, 'x' as extra
            """
        )
    report = erase(warehouse, ["Z1"], [], SEEDS, [])
    assert report.rows == {"leads": 1, "notes": 1, "dispositions": 1}
    assert report.mentions.text == {("notes", "note"): 1} and not report.mentions.other
    with duckdb.connect(str(warehouse / "work.duckdb"), read_only=True) as connection:
        notes = connection.execute("from raw.notes order by lead_id").fetchall()
        assert notes == [("O1", "by Zoë Quux", 7), ("Z1", None, 7)]
        (row,) = connection.execute("from raw.dispositions").fetchall()
    assert row == ("D1", "Z1", "no budget", None)  # a reason that reports show


@pytest.mark.promise("Erasure is real")
def test_only_files_that_we_or_dbt_write_may_go(tmp_path: Path, monkeypatch) -> None:
    """With the warehouse inside `target`, and a log directory that is the sources'."""
    project = tmp_path / "project"
    names = [
        "target/manifest.json",
        "target/warehouse/raw/activities/a.parquet",
        "target/warehouse/manifest.json",
        "target/compiled/qualified_leads/models/a.sql",
        "target/compiled/notes.txt",
        "target/qualified_leads.duckdb",
        "dbt.log",
        "dbt.log.1",
        "refresh.log",
        "leads.csv",
        "logs/cron.log",
    ]
    for name in names:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("zoe@nest.example")
    monkeypatch.setenv("DBT_LOG_PATH", "")
    monkeypatch.setenv("DBT_TARGET_PATH", "target")
    found = {path.relative_to(project).as_posix() for path in files_written(project)}
    assert found == {
        "target/manifest.json",
        "target/compiled/qualified_leads/models/a.sql",
        "dbt.log",
        "dbt.log.1",
        "refresh.log",
    }
    assert "manifest.json" in ARTEFACTS
    warehouse = lake_of(tmp_path, leads=[ZOE])
    report = erase(warehouse, ["Z1"], [], SEEDS, files_written(project))
    assert report.files_removed == 5
    left = {path.relative_to(project).as_posix() for path in project.rglob("*") if path.is_file()}
    assert left == set(names) - found
