"""Exports as they come: what spreadsheets, CRMs and ad platforms do to files, each kind of it."""

from __future__ import annotations

import gzip
import json
import os
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from files import workbook, zipped

from qualified_leads.errors import UsageError
from qualified_leads.load.mapping import extracted_at
from qualified_leads.paths import project_root
from qualified_leads.refresh.guards import GuardError, refuse_rejects

LEADS = "lead_id,created_at,email\n1,2026-01-05 10:00:00,a@a.example\n"
SPEND = "spend_id,spend_date,amount,currency\n"


@pytest.fixture
def mapped(load, tmp_path):
    """Return a function that loads named contents with loads of a mapping, given as data."""

    def run(contents, *loads, **options):
        path = tmp_path / "mapping.yml"
        path.write_text(json.dumps({"loads": loads}))
        return load(contents, mapping=path, **options)

    return run


def refused(run, *arguments, **options) -> str:
    """The one line that refuses a load."""
    with pytest.raises(UsageError) as error:
        run(*arguments, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


# Which of two rows is newer.


def deal(status: str, amount: str = "") -> str:
    return f"opportunity_id,lead_id,status,amount,created_at\nT,1,{status},{amount},2026-01-05\n"


def newest(lake) -> list:
    return lake("opportunities", "status", "order by _loaded_at desc limit 1")


@pytest.mark.parametrize(
    ("first", "second", "last"),
    [
        ("2026-02-01.csv", "2026-02-02.csv", "2026-02-03.csv"),
        ("export-2.csv", "export-9.csv", "export-10.csv"),
        ("deals.csv", "deals (1).csv", "deals (2).csv"),
        ("A.csv", "b.csv", "C.csv"),
    ],
)
def test_of_files_that_land_together_the_later_name_is_newer(first, second, last, load, lake):
    report = load(
        {
            f"opportunities/{last}": deal("lost"),
            f"opportunities/{first}": deal("won", "300"),
            f"opportunities/{second}": deal("open"),
        }
    )
    assert newest(lake) == [("lost",)]
    assert len({time for (time,) in lake("opportunities", "_loaded_at")}) == 3
    assert not report.warnings


def test_the_mapping_says_when_an_export_is_of(mapped, lake):
    load = {"file": "deals*.csv", "table": "opportunities", "extracted_at": "%d.%m.%Y"}
    mapped({"deals 03.01.2026.csv": deal("won", "5"), "deals 01.02.2026.csv": deal("lost")}, load)
    assert lake("opportunities", "status, _loaded_at", "order by _loaded_at") == [
        ("won", datetime(2026, 1, 3)),
        ("lost", datetime(2026, 2, 1)),
    ]


def test_an_older_export_that_lands_later_stays_older(load, lake):
    load({"opportunities.csv": deal("won", "95")}, extracted_at="2026-03-01")
    report = load({"opportunities.csv": deal("open", "120")}, extracted_at="2026-02-01 06:00")
    assert newest(lake) == [("won",)] and report.landed == 1
    # The same time again is told apart.
    load({"opportunities.csv": deal("lost")}, extracted_at="2026-03-01T02:00:00+02:00")
    assert newest(lake) == [("lost",)]


def test_the_time_of_the_file_says_when_an_export_is_of(load, lake, tmp_path):
    load({"opportunities.csv": deal("won", "95")})
    os.utime(tmp_path / "source/opportunities.csv", (1_767_607_200, 1_767_607_200))
    (tmp_path / "warehouse/raw/opportunities").rename(tmp_path / "away")
    load({}, extracted_at="modified")
    assert lake("opportunities", "_loaded_at") == [(datetime(2026, 1, 5, 10),)]


@pytest.mark.parametrize(
    ("pattern", "name", "moment"),
    [
        ("%Y-%m-%d", "x/2026-02-01.csv", datetime(2026, 2, 1)),
        ("%Y%m%d", "x_20260201_7.csv", datetime(2026, 2, 1)),
        ("%Y%m%dT%H%M%S", "20260201T060708.csv", datetime(2026, 2, 1, 6, 7, 8)),
        ("%d-%b-%y", "run 01-Feb-26.csv", datetime(2026, 2, 1)),
    ],
)
def test_dates_in_names(pattern, name, moment):
    assert extracted_at(pattern, name, datetime(2000, 1, 1)) == moment


def test_what_is_no_time_of_an_export_is_refused(load, mapped):
    assert "soon" in refused(load, {"leads.csv": LEADS}, extracted_at="soon")
    assert "no date of the form %Y-%m" in refused(
        load, {"leads.csv": LEADS}, extracted_at="%Y-%m-%d"
    )
    load = {"file": "leads.csv", "table": "leads", "extracted_at": "%q"}
    assert "%q" in refused(mapped, {"leads.csv": LEADS}, load)


def test_an_export_that_says_again_what_was_said_before_is_newer_by_its_date(load, lake):
    for amount, day in (("5", "06"), ("9", "07"), ("5", "08"), ("5", "08")):
        row = {"spend.csv": f"{SPEND}s,2026-01-05,{amount},EUR\n"}
        last = load(row, extracted_at=f"2026-01-{day}")
    assert last.landed == 0 and not last.notes
    assert lake("spend", "amount", "order by _loaded_at desc limit 1") == [(Decimal(5),)]
    for amount in ("7", "8", "7"):
        last = load({"spend.csv": f"{SPEND}t,2026-01-05,{amount},EUR\n"})
    assert last.landed == 0 and "needs --extracted-at" in last.notes[0]


def test_dates_in_names_that_are_no_order_are_said(load):
    names = ("leads-28-02-2026.csv", "leads-01-03-2026.csv")
    contents = {name: LEADS.replace("\n1,", f"\n{name},") for name in names}
    (warning,) = load(contents).warnings
    assert "--extracted-at, such as %d-%m-%Y" in warning
    assert not load(contents, extracted_at="%d-%m-%Y").warnings


def test_rows_that_are_there_twice_are_counted(load):
    rows = "s,2026-01-05,5,EUR\n" * 3
    (note,) = load({"spend.csv": SPEND + rows}).notes
    assert note == "spend: 2 rows repeat the key and all that is mapped of another and count once"


def test_rows_that_chance_would_settle_are_counted_and_named(load):
    rows = "s1,2026-01-05,10,EUR\ns1,2026-01-05,12,EUR\ns2,2026-01-05,3,EUR\ns2,2026-01-05,3,EUR\n"
    rows += "a@b.example,2026-01-05,1,EUR\na@b.example,2026-01-05,2,EUR\n"
    (warning,) = load({"spend.csv": SPEND + rows}).warnings
    assert warning.startswith("spend: 2 keys have rows that differ") and "(s1, …)" in warning
    assert "@" not in warning


def test_versions_are_no_conflict(load):
    rows = "1,2026-01-05,2026-01-06,a@a.example\n1,2026-01-05,2026-01-07,b@b.example\n"
    assert not load({"leads.csv": "lead_id,created_at,updated_at,email\n" + rows}).warnings


# Ids.


def test_shortened_ids_are_rejected(load, lake):
    rows = "lead_id,created_at,owner_id\n1.23457E+17,2026-01-05,\n#N/A,2026-01-05,\n"
    rows += "7,2026-01-05,9.9E+20\n8,2026-01-05,E12\n1E,2026-01-05,\n"
    report = load({"leads.csv": rows})
    assert lake("leads", "lead_id", "order by 1") == [("1E",), ("8",)]
    what = "a spreadsheet has spoilt it (1.2E+17, #N/A); export it as text"
    assert report.rejected == {("leads", f"lead_id: {what}"): 2, ("leads", f"owner_id: {what}"): 1}


def test_ids_that_a_spreadsheet_protects_are_read(load, lake):
    rows = "lead_id,created_at,last_name\n=\"00123\",2026-01-05,'t Hooft\n'00124,2026-01-05,\n"
    rows += '"=""00125""",2026-01-05,\n" =""00126"" ",2026-01-05,\n'
    load({"leads.csv": rows})
    assert lake("leads", "lead_id, last_name", "order by 1") == [
        ("00123", "'t Hooft"),
        ("00124", None),
        ("00125", None),
        ("00126", None),
    ]


def test_a_mapping_may_leave_ids_or_undo_other_columns(mapped, lake):
    rows = "Id,Made,Phone\n'1,2026-01-05,=\"0049\"\n1E+17,2026-01-05,'+49\n"
    columns = {
        "lead_id": {"source": "Id", "spreadsheet": False},
        "created_at": "Made",
        "phone": {"source": "Phone", "spreadsheet": True},
    }
    mapped({"x.csv": rows}, {"file": "x.csv", "table": "leads", "columns": columns})
    assert lake("leads", "lead_id, phone", "order by 1") == [("'1", "0049"), ("1E+17", "+49")]


def test_ids_get_one_spelling(mapped, lake):
    rows = "lead_id,created_at\n00Q5g00000AbCdE,2026-01-05\n001A0000006Vm9u,2026-01-05\n"
    rows += "001A0000006Vm9uIAC,2026-01-05\n201.0,2026-01-05\n0202,2026-01-05\nx,2026-01-05\n"
    rule = {"source": "lead_id", "id": ["salesforce", "integer"]}
    mapped({"x.csv": rows}, {"file": "x.csv", "table": "leads", "columns": {"lead_id": rule}})
    # 001A0000006Vm9uIAC is the pair that Salesforce's own documentation converts.
    assert lake("leads", "lead_id", "order by lower(lead_id)") == [
        ("001A0000006Vm9uIAC",),
        ("001A0000006Vm9uIAC",),
        ("00Q5g00000AbCdEEAV",),
        ("0202",),
        ("201",),
        ("x",),
    ]


def test_an_id_of_many_people_is_said_and_can_be_numbered_or_hashed(mapped, lake):
    rows = "First,Created,Mail\nAna,2026-01-05,ana@a.example\nAna,2026-01-06,anna@b.example\n"

    def load(template: str):
        columns = {"lead_id": {"template": template}, "created_at": "Created", "email": "Mail"}
        return mapped({"x.csv": rows}, {"file": "x.csv", "table": "leads", "columns": columns})

    (warning,) = load("{First}").warnings
    assert warning.startswith("leads: 1 key has several e-mail addresses") and "Ana" not in warning
    assert not load("row-{@row}").warnings and not load("{@hash}").warnings
    keys = [key for (key,) in lake("leads", "lead_id", "order by _landed_at, created_at")]
    assert keys[2:4] == ["row-1", "row-2"] and len(set(keys[4:])) == 2


def test_many_ids_in_a_cell_update_the_rows_that_are_there(mapped, lake):
    leads = "lead_id,created_at,email\n101,2026-01-05,a@a.example\n102,2026-01-06,b@b.example\n"
    files = {"leads.csv": leads, "merges.csv": "survivor,merged\n101,102; 999 ;\n102,\n"}
    merges = {
        "file": "merges.csv",
        "table": "leads",
        "update": True,
        "columns": {
            "lead_id": {"source": "merged", "split": ";"},
            "merged_into_lead_id": "survivor",
        },
    }
    plain = {"file": "leads.csv", "table": "leads"}
    report = mapped(files, merges, plain)
    said = [(file.file, file.rows, file.landed, file.filtered) for file in report.files]
    assert said == [("leads.csv", 2, 2, 0), ("merges.csv", 2, 1, 1)]
    assert report.files[1].rejected == {"lead_id: no such row to update": 1}
    current = "lead_id, email, created_at, merged_into_lead_id"
    assert lake("leads", current, "where merged_into_lead_id is not null") == [
        ("102", "b@b.example", datetime(2026, 1, 6), "101")
    ]
    # Again, and after an export that knows of no merge.
    assert mapped(files, merges, plain).landed == 0
    files["leads.csv"] += "103,2026-01-07,\n"
    assert [file.landed for file in mapped(files, merges, plain).files] == [3, 1]


def test_each_value_of_a_cell_may_have_a_key_of_its_own(mapped, lake):
    columns = {
        "activity_id": {"template": "{id}-{n}"},
        "lead_id": {"source": "who", "split": "|"},
        "activity_type": {"default": "meeting"},
        "occurred_at": "d",
    }
    rows = "id,who,d\n7,1 | 2,2026-01-01\n8,,2026-01-01\n"
    load = {"file": "x.csv", "table": "activities", "columns": columns}
    (file,) = mapped({"x.csv": rows}, load).files
    assert lake("activities", "activity_id, lead_id", "order by 1") == [("7-1", "1"), ("7-2", "2")]
    assert file.rejected == {"lead_id: required value is missing": 1}


def test_a_blank_cell_is_null_where_it_is_no_key(mapped, lake):
    rows = "opportunity_id,lead,created_at,status\n1,1|2,2026-01-01,won\n2,,2026-01-01,won\n"
    columns = {"lead_id": {"source": "lead", "split": "|"}}
    mapped({"x.csv": rows}, {"file": "x.csv", "table": "opportunities", "columns": columns})
    assert lake("opportunities", "opportunity_id, lead_id", "order by all") == [
        ("1", "1"),
        ("1", "2"),
        ("2", None),
    ]


def test_a_list_of_deleted_ids_may_hold_unknown_ones_and_be_old(mapped, lake):
    gone = {
        "file": "gone.csv",
        "table": "leads",
        "update": True,
        "extracted_at": "2026-02-01",
        "columns": {"lead_id": "id", "is_deleted": {"default": "true"}},
    }
    contents = {"leads.csv": LEADS, "gone.csv": "id\n1\n77\n78\n"}
    plain = {"file": "leads.csv", "table": "leads"}
    for _ in range(2):
        report = mapped(contents, plain, gone, accepted=())
        assert report.rejected[("leads", "lead_id: no such row to update")] == 2
        refuse_rejects(report, project_root(), ())
    assert lake("leads", "is_deleted", "order by _loaded_at desc limit 1") == [(True,)]


def test_an_update_may_delete(mapped, lake):
    mapped({"spend.csv": SPEND + "s1,2026-01-05,10,USD\n"}, {"file": "spend.csv", "table": "spend"})
    gone = {
        "file": "gone.csv",
        "table": "spend",
        "update": True,
        "columns": {"spend_id": "Id", "is_deleted": {"default": "true"}},
    }
    mapped({"gone.csv": "Id\ns1\n"}, gone)
    assert lake("spend", "spend_id, amount, currency, is_deleted", "where is_deleted") == [
        ("s1", Decimal("10.000000"), "USD", True)
    ]


# Times.


@pytest.mark.parametrize(
    ("local", "utc"),
    [
        ("2026-02-01 00:30", datetime(2026, 1, 31, 23, 30)),
        ("2026-03-29 03:30", datetime(2026, 3, 29, 1, 30)),
        ("2026-06-01 01:30", datetime(2026, 5, 31, 23, 30)),
        ("2026-10-25 02:30", datetime(2026, 10, 25, 1, 30)),  # comes twice: in winter time
        ("2026-03-29 02:30", datetime(2026, 3, 29, 1, 30)),  # never was: 03:30
        ("2026-02-01 00:30Z", datetime(2026, 2, 1, 0, 30)),
        ("2026-02-01", datetime(2026, 1, 31, 23)),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx"])
def test_local_times_become_utc(local, utc, suffix, mapped, lake, tmp_path):
    row = {"lead_id": "1", "created_at": local}
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist([row]), tmp_path / "x")
        content = (tmp_path / "x").read_bytes()
    else:
        content = {
            "csv": f"lead_id,created_at\n1,{local}\n",
            "jsonl": json.dumps(row),
            "xlsx": workbook({"x": [list(row), list(row.values())]}),
        }[suffix]
    load = {"file": f"x.{suffix}", "table": "leads", "time_zone": "Europe/Berlin"}
    mapped({f"x.{suffix}": content}, load)
    assert lake("leads", "created_at") == [(utc,)]


def test_typed_local_times_become_utc_and_days_stay(mapped, lake, tmp_path):
    columns = {"spend_id": ["s"], "amount": [1], "spend_date": [datetime(2026, 2, 1)]}
    columns["_loaded_at"] = [datetime(2026, 2, 1, 0, 30)]
    pq.write_table(pa.table(columns), tmp_path / "x")
    content = (tmp_path / "x").read_bytes()
    mapped(
        {"x.parquet": content},
        {"file": "x.parquet", "table": "spend", "time_zone": "Europe/Berlin"},
    )
    assert lake("spend", "cast(spend_date as varchar), _loaded_at") == [
        ("2026-02-01", datetime(2026, 1, 31, 23, 30))
    ]


@pytest.mark.parametrize(
    "written",
    ["1767607200000", "1767607200", "46027.4166667", "1/5/2026 10:00 AM", "2026-01-05 10:00"],
)
def test_dates_are_tried_in_order(written, mapped, lake):
    formats = ["epoch_ms", "epoch_s", "excel", "%m/%d/%Y %I:%M %p", "iso"]
    load = {"file": "x.csv", "table": "leads", "date_format": formats}
    mapped({"x.csv": f"lead_id,created_at\n1,{written}\n"}, load)
    assert lake("leads", "created_at") == [(datetime(2026, 1, 5, 10),)]


@pytest.mark.parametrize("written", ["12", "1767607200.5e9", "99999999", "2026"])
def test_numbers_that_are_no_time_are_rejected(written, mapped):
    load = {"file": "x.csv", "table": "leads", "date_format": ["epoch_ms", "epoch_s", "excel"]}
    report = mapped({"x.csv": f"lead_id,created_at\n1,{written}\n"}, load)
    assert report.rejected == {("leads", "created_at: not a timestamp"): 1}


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"date_format": "%s"}, "date_format %s is no pattern"),
        ({"date_format": "dd.mm.yyyy"}, "date_format dd.mm.yyyy is no pattern"),
        ({"time_zone": "Berlin"}, "time_zone Berlin is unknown"),
        ({"spread": ["a"]}, "spread"),
        ({"spread": ["a", "b"]}, "only spend is spread"),
        ({"skip": "-1"}, "skip"),
        ({"columns": {"email": {"source": "a", "split": ""}}}, "split"),
        ({"columns": {"created_at": {"source": "a", "split": ";"}}}, "splits created_at"),
        ({"columns": {"lead_id": {"source": "a", "id": "guid"}}}, "id"),
    ],
)
def test_options_that_make_no_sense_are_refused(option, said, mapped):
    load = {"file": "x.csv", "table": "leads", **option}
    assert said in refused(mapped, {"x.csv": LEADS}, load)


# Money.

MONEY = [
    ('"$1,204.50"', "USD", "1204.50"),
    ("1204.50 €", "EUR", "1204.50"),
    ("EUR 12.00", "EUR", "12.00"),
    ("$342.09K", "USD", "342090"),
    ("US$ 5", "USD", "5"),
    ("1.2m", "EUR", "1200000"),
    ("(5.00)", "EUR", "-5"),
    ("-£3", "GBP", "-3"),
    ("£-3", "GBP", "-3"),
    ("5-", "EUR", "-5"),
    ("1 204.5", "EUR", "1204.5"),
    ("1\u00a0204", "EUR", "1204"),
    ('"1,204,000"', "EUR", "1204000"),
    ("kr 5", "SEK", "5"),
    ("1e3", "EUR", "1000"),
    ("12.-", "CHF", "12"),
    ("CHF 1'250.--", "CHF", "1250"),
    ('"12,-"', "EUR", "12"),
]
NO_AMOUNT = "amount: not an amount"
OTHER = "amount: its sign is of another currency"
COMMA = "amount: its comma may group or begin the decimals; a mapping says it with `thousands`"


@pytest.mark.parametrize(("written", "currency", "amount"), MONEY)
def test_amounts_as_people_write_them(written, currency, amount, load, lake):
    load({"spend.csv": SPEND + f"s,2026-01-05,{written},{currency}\n"})
    assert lake("spend", "amount, currency") == [(Decimal(amount), currency)]


@pytest.mark.parametrize(
    ("written", "currency", "reason"),
    [
        ("12 apples", "EUR", NO_AMOUNT),
        ("$", "USD", NO_AMOUNT),
        ("(5", "EUR", NO_AMOUNT),
        ("5 5 5", "EUR", NO_AMOUNT),
        ('"0,500"', "EUR", NO_AMOUNT),
        ('"1.204,50"', "EUR", NO_AMOUNT),
        ('"1,20"', "EUR", NO_AMOUNT),
        ('"1,204"', "EUR", COMMA),
        ("$5", "EUR", OTHER),
        ("5 EUR", "USD", OTHER),
        ("$5", "", "amount: its sign is of several currencies, and currency is blank"),
    ],
)
def test_what_is_no_amount_is_rejected_in_words(written, currency, reason, load):
    report = load({"spend.csv": SPEND + f"s,2026-01-05,{written},{currency}\n"})
    assert report.rejected == {("spend", reason): 1}


@pytest.mark.parametrize(("written", "currency"), [("5 €", "EUR"), ("CHF 5", "CHF"), ("5", None)])
def test_an_amount_says_the_currency_of_its_row(written, currency, load, lake):
    report = load({"spend.csv": SPEND + f"s,2026-01-05,{written},\n"})
    assert lake("spend", "currency") == [(currency,)]
    taken = ["spend: 1 row without currency, taken as EUR"]
    assert report.notes == ([] if currency else taken)


def test_amounts_with_a_decimal_comma(mapped, lake):
    rows = 'spend_id;spend_date;amount;currency\ns;2026-01-05;"€ 1.204,50";EUR\n'
    mapped({"x.csv": rows}, {"file": "x.csv", "table": "spend", "decimal": ","})
    assert lake("spend", "amount") == [(Decimal("1204.5"),)]


def test_points_that_may_group_are_said(load, mapped):
    rows = "s1,2026-01-05,1.234,EUR\ns2,2026-01-05,12.500 €,EUR\ns3,2026-01-05,250,EUR\n"
    (warning,) = load({"spend.csv": SPEND + rows}).warnings
    assert "three digits follow the point of amount wherever it has one (2)" in warning
    assert not load({"spend.csv": SPEND + rows + "s4,2026-01-05,1.50,EUR\n"}).warnings
    comma = {"file": "spend.csv", "table": "spend", "decimal": ",", "delimiter": "comma"}
    assert not mapped({"spend.csv": SPEND + rows}, comma).warnings


def test_whole_numbers_and_shares(load, lake):
    rows = "company_id,employee_count,growth_rate\nc1,200.0,12%\nc2,12.000,1\nc3,7,-2.5 %\n"
    report = load({"companies.csv": rows})
    assert lake("companies", "company_id, employee_count, growth_rate", "order by 1") == [
        ("c1", 200, 0.12),
        ("c3", 7, -0.025),
    ]
    assert report.rejected == {("companies", "employee_count: not a whole number"): 1}


# Periods and reports.


def test_a_row_over_a_period_is_warned_of_and_can_be_spread(mapped, lake):
    rows = (
        "Reporting starts,Reporting ends,Campaign,Amount,Impressions\n"
        "2026-01-01,2026-03-31,R,3000.00,100\n2026-02-01,2026-02-01,S,0.01,1\n"
        "2026-02-02,2026-02-01,T,5,1\n"
    )
    load = {
        "file": "x.csv",
        "table": "spend",
        "columns": {
            "spend_id": {"template": "{Campaign}"},
            "spend_date": "Reporting starts",
            "amount": "Amount",
            "impressions": "Impressions",
        },
    }
    (warning,) = mapped({"x.csv": rows}, load).warnings
    assert "1 row is of more than a day (reporting_ends is later" in warning
    load["spread"] = ["Reporting starts", "Reporting ends"]
    report = mapped({"x.csv": rows}, load)
    (file,) = report.files
    assert (file.rows, file.landed, file.rejected_count) == (3, 91, 1) and not report.warnings
    spread = "where spend_id like 'R:%'"
    total = "count(*), sum(amount), sum(impressions), min(spend_date)::varchar, max(spend_date)"
    assert lake("spend", f"{total}::varchar", spread) == [
        (90, Decimal("3000.000000"), 100, "2026-01-01", "2026-03-31")
    ]
    january = lake("spend", "sum(amount)", f"{spread} and spend_date < '2026-02-01'")
    assert january == [(Decimal("1033.330000"),)]  # 31 of 90 days
    cents = lake("spend", "count(*)", f"{spread} and amount <> round(amount, 2)")
    assert cents == [(0,)]
    assert lake("spend", "spend_id", "where spend_id like 'S:%'") == [("S:2026-02-01",)]


REPORT = (
    'Campaign performance\n"January 1, 2026 - January 31, 2026"\n'
    "Day,Campaign,Currency code,Cost\n2026-01-05,Brand,EUR,10.00\n"
    "2026-01-06,Brand,EUR,20.00\nTotal: Account,,EUR,30.00\n"
)
COST = {
    "spend_id": {"template": "{Day}-{Campaign}"},
    "spend_date": "Day",
    "amount": "Cost",
    "currency": "Currency code",
}


@pytest.mark.parametrize("skip", [{}, {"skip": 2}])
def test_a_report_has_lines_before_its_header_and_after_its_rows(skip, mapped, lake):
    where = [{"column": "Day", "not_in": ["Total*"]}]
    load = {"file": "cost.csv", "table": "spend", "columns": COST, "where": where, **skip}
    report = mapped({"cost.csv": REPORT}, load)
    assert lake("spend", "sum(amount)") == [(Decimal("30"),)]
    (file,) = report.files
    assert (file.rows, file.landed, file.filtered) == (3, 2, 1)
    said = "cost.csv: 2 lines before the header left out"
    assert report.notes == ([] if skip else [said])


def test_a_wrong_skip_is_said(mapped):
    load = {"file": "cost.csv", "table": "spend", "columns": COST, "skip": 1}
    assert "lacks the column" in refused(mapped, {"cost.csv": REPORT}, load)


def test_lines_that_look_unclosed_before_the_header(load, lake):
    load({"leads.csv": 'My "report\nby me, 5" x\n\n' + LEADS})
    assert lake("leads", "lead_id") == [("1",)]


def test_a_header_with_a_name_twice_can_be_replaced_or_not_used(mapped, lake):
    rows = "Company ID,Website,Name,Name\nc1,acme.example,Acme,Acme Holding\n"
    columns = {"company_id": "Company ID", "domain": "Website", "company_name": "Name"}
    load = {"file": "a.csv", "table": "companies", "columns": columns}
    assert "columns 3 and 4" in refused(mapped, {"a.csv": rows}, load)
    mapped({"a.csv": rows}, {**load, "header": ["Company ID", "Website", "Name", "Parent"]})
    assert lake("companies", "company_id, company_name") == [("c1", "Acme")]
    del columns["company_name"]
    mapped({"a.csv": rows}, load)
    assert len(lake("companies")) == 2


def test_columns_may_be_optional(mapped, lake):
    columns = {
        "lead_id": "Id",
        "created_at": "Made",
        "phone": {"source": "Phone", "optional": True},
        "region": {"template": "{Land}-{Area}", "optional": True},
    }
    load = {"file": "x.csv", "table": "leads", "columns": columns}
    mapped({"x.csv": "Id,Made,Land\n1,2026-01-05,D\n"}, load)
    assert lake("leads", "lead_id, phone, region") == [("1", None, None)]
    del columns["phone"]["optional"]
    said = refused(mapped, {"x.csv": "Id,Made\n2,2026-01-05\n"}, load)
    assert "lacks the column phone" in said and "optional: true" in said


# Kinds of file.


def named(value: object) -> str:
    """A name for a parameter; bytes of an archive hold the time."""
    return value if isinstance(value, str) else "bytes"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("leads.csv.gz", gzip.compress(LEADS.encode())),
        ("LEADS.CSV", LEADS.encode()),
        ("leads.tsv", LEADS.replace(",", "\t").encode()),
        ("leads.zip", zipped({"export.csv": LEADS})),
        ("export.zip", zipped({"leads.csv": LEADS, "__MACOSX/._leads.csv": "x"})),
        ("export.zip", zipped({"leads/1.csv": LEADS})),
        ("leads (1).csv", LEADS.encode()),
        ("leads-2026-02-01.csv", LEADS.encode()),
        ("leads/any.csv.gz", gzip.compress(LEADS.encode())),
        ("leads.xlsx", workbook({"Tabelle1": [r.split(",") for r in LEADS.splitlines()]})),
        (
            "book.xlsx",
            workbook({"Leads": [[], *(r.split(",") for r in LEADS.splitlines())], "empty": []}),
        ),
        ("leads.json", json.dumps([{"lead_id": 1, "created_at": "2026-01-05 10:00"}]).encode()),
        ("leads.ndjson", b'{"lead_id": 1, "created_at": "2026-01-05 10:00"}\n'),
    ],
    ids=named,
)
def test_kinds_of_file(name, content, load, lake):
    report = load({name: content})
    assert lake("leads", "lead_id, created_at") == [("1", datetime(2026, 1, 5, 10))]
    assert not report.warnings
    assert load({name: content}).landed == 0


def test_the_same_rows_in_another_wrapping_land_once(load, lake):
    load({"leads.csv": LEADS})
    assert load({"leads.csv.gz": gzip.compress(LEADS.encode())}).landed == 0


def test_types_of_a_workbook(mapped, lake):
    rows = [["Id", "Made", "Sum", "Refund"], [12, datetime(2026, 1, 5, 10), 1204.5, True]]
    rows += [[123456789012345680, datetime(2026, 1, 5), 1, False], ["a", "5.1.2026", "2,5", None]]
    columns = {"spend_id": "Id", "spend_date": "Made", "amount": "Sum", "is_refund": "Refund"}
    load = {
        "file": "x.xlsx",
        "table": "spend",
        "sheet": "Costs",
        "columns": columns,
        "decimal": ",",
        "date_format": ["%d.%m.%Y", "iso"],
    }
    report = mapped({"x.xlsx": workbook({"About": [["x"]], "Costs": rows})}, load)
    assert lake("spend", "spend_id, amount", "order by 1") == [("a", Decimal("2.5"))]
    assert report.rejected == {
        ("spend", "spend_date: not a date"): 1,
        ("spend", "spend_id: a spreadsheet has spoilt it (1.2E+17, #N/A); export it as text"): 1,
    }
    del load["sheet"]
    assert "About, Costs" in refused(
        mapped, {"x.xlsx": workbook({"About": [[1]], "Costs": rows})}, load
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("leads.csv.gz", gzip.compress(LEADS.encode())[:-9], "damaged"),
        ("leads.csv.gz", b"no gzip", "damaged"),
        ("leads.zip", b"PK no zip", "no zip file"),
        ("leads.xlsx", b"no workbook", "no workbook"),
        ("leads.json", b'[{"lead_id": 1},', "no JSON document, line 1"),
        ("leads.xls", b"x", "read are csv, tsv"),
        (
            "contacts.csv",
            b"x",
            "holds no file named after a table, such as leads.csv, but contacts",
        ),
    ],
    ids=named,
)
def test_files_that_cannot_be_read_say_so(name, content, said, load):
    assert said in refused(load, {name: content})


def test_a_mapping_reads_inside_of_archives(mapped, lake):
    load = {"file": "*contacts.csv", "table": "leads"}
    mapped({"all.zip": zipped({"x/contacts.csv": LEADS, "x/deals.csv": "a\n"})}, load)
    assert lake("leads", "lead_id") == [("1",)]


# Code pages.

UMLAUT = "lead_id,created_at,lead_source\nA,2026-01-05,Messe – Köln\n"


def test_windows_text_keeps_its_dash(mapped, load, lake):
    content = UMLAUT.encode("cp1252")
    assert "encoding: cp1252" in refused(load, {"leads.csv": content})
    said = refused(
        mapped, {"x.csv": content}, {"file": "x.csv", "table": "leads", "encoding": "latin-1"}
    )
    assert "encoding: cp1252" in said
    mapped({"x.csv": content}, {"file": "x.csv", "table": "leads", "encoding": "cp1252"})
    assert lake("leads", "lead_source") == [("Messe – Köln",)]


def test_utf8_that_is_declared_as_something_else_is_said(mapped):
    load = {"file": "x.csv", "table": "leads", "encoding": "cp1252"}
    (note,) = mapped({"x.csv": UMLAUT}, load).notes
    assert "are those of UTF-8" in note


# Loads that lose rows.


def test_a_load_that_leaves_no_row_is_refused(load, lake):
    rows = "lead_id,created_at\n" + "1,x\n" * 3 + ",2026-01-05\n"
    said = refused(load, {"leads.csv": rows}, accepted=())
    assert "3 created_at: not a timestamp, 1 lead_id: required value is missing" in said
    assert "--accept rejected:leads" in said and not lake("rejected_rows")
    assert load({"leads.csv": rows}, accepted=("rejected:leads",)).rejected


def test_a_load_that_loses_more_than_a_twentieth_stops(load):
    good = "".join(f"{number},2026-01-05\n" for number in range(19))
    report = load({"leads.csv": f"lead_id,created_at\n{good}x,\n"}, accepted=())
    refuse_rejects(report, project_root(), ())
    report = load({"leads.csv": f"lead_id,created_at\n{good}x,\ny,\n"}, accepted=())
    with pytest.raises(GuardError, match="2 of 21 rows rejected .at most 5% may be.: 2 created_at"):
        refuse_rejects(report, project_root(), ())
    refuse_rejects(report, project_root(), ("rejected:leads",))


def test_many_unknown_columns_are_counted(load):
    names = ",".join(f"x{number}" for number in range(600))
    (warning,) = load({"leads.csv": f"lead_id,created_at,{names}\n1,2026-01-05\n"}).warnings
    assert warning.endswith("x8, x9 and 590 more")
