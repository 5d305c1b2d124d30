"""The lake: loading twice, crashes, the order of loads, types, privacy, accounting, the command."""

import csv
import datetime
import io
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from decimal import Decimal

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from files import workbook, zipped
from harness import assert_no_defect
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from qualified_leads.contract import load_contract
from qualified_leads.errors import UsageError
from qualified_leads.lake import files as lake_files
from qualified_leads.load import records, text
from qualified_leads.load.land import load_directory
from qualified_leads.load.report import print_report
from qualified_leads.lock import warehouse_lock
from qualified_leads.paths import project_root

HEAD = "lead_id,created_at,email\n"
LEADS = HEAD + "a,2024-01-31,a@x.com\nb,x,\n"
NOON = datetime.datetime(2026, 1, 1, 12)


def files(warehouse):
    """Every file of the lake with its content, temporary ones too."""
    found = (path for path in (warehouse / "raw").rglob("*") if path.is_file())
    return {path.relative_to(warehouse).as_posix(): path.read_bytes() for path in found}


def test_the_same_content_lands_once_under_any_name(load, lake, tmp_path):
    load({"leads.csv": LEADS})
    before = files(tmp_path / "warehouse")
    (tmp_path / "source/leads.csv").unlink()
    report = load({"leads/june.csv": LEADS, "leads/july.csv": LEADS})
    assert files(tmp_path / "warehouse") == before
    assert [file.is_known for file in report.files] == [True, True]
    assert report.landed == 0 and not report.rejected


def test_two_equal_files_of_one_load_land_once(load, lake):
    report = load({"leads.csv": LEADS, "leads/again.csv": LEADS})
    assert [file.is_known for file in report.files] == [False, True]
    assert len(lake("leads")) == 1 and len(lake("rejected_rows")) == 1


def test_only_rejects_are_idempotent_too(load, lake, tmp_path):
    load({"leads.csv": HEAD + "b,x,\n"})
    before = files(tmp_path / "warehouse")
    assert len(before) == 3 and not lake("leads")  # rejects, no data, and the manifest
    assert load({}).files[0].is_known
    assert files(tmp_path / "warehouse") == before


def test_changed_content_lands_beside_the_old(load, lake):
    load({"leads.csv": LEADS})
    load({"leads.csv": LEADS + "c,2024-02-01,\n"})
    assert sorted(lake("leads", "lead_id")) == [("a",), ("a",), ("c",)]


@pytest.mark.parametrize("published", [0, 1, 2, 3])
def test_one_rerun_after_a_crash_gives_what_no_crash_gives(
    published, load, lake, tmp_path, monkeypatch
):
    """Die after so many files got their names: one of rejects, two of data, then the manifest."""
    real, done = os.replace, []

    def replace(old, new):
        if len(done) == published:
            raise KeyboardInterrupt
        done.append(new)
        real(old, new)

    monkeypatch.setattr(os, "replace", replace)
    contents = {"leads.csv": LEADS, "leads/more.csv": HEAD + "c,2024-02-01,\n"}
    with pytest.raises(KeyboardInterrupt):
        load(contents)
    monkeypatch.setattr(os, "replace", real)
    load(contents)
    assert sorted(lake("leads", "lead_id")) == [("a",), ("c",)]
    assert lake("rejected_rows", "line, record") == [(3, "b,x,")]
    assert not [name for name in files(tmp_path / "warehouse") if lake_files.TEMPORARY in name]


def test_leftovers_of_a_killed_load_disappear(load, tmp_path):
    leftover = tmp_path / f"warehouse/raw/leads/{lake_files.TEMPORARY}0123"
    leftover.parent.mkdir(parents=True)
    leftover.write_bytes(b"half")
    load({"leads.csv": LEADS})
    assert not leftover.exists()
    assert not (tmp_path / "warehouse" / lake_files.WORKSPACE).exists()


def test_a_refused_file_leaves_the_lake_as_it_was(load, tmp_path):
    load({"leads.csv": LEADS})
    before = files(tmp_path / "warehouse")
    with pytest.raises(UsageError):
        load({"activities.csv": "activity_id\n1\n", "leads.csv": HEAD + "z,2024-01-01,\n"})
    assert files(tmp_path / "warehouse") == before


def test_landed_at_grows_from_load_to_load_whatever_the_clock_says(load, lake):
    load({"leads.csv": LEADS}, now=NOON)
    load({"leads.csv": HEAD + "c,2024-02-01,\n"}, now=NOON - datetime.timedelta(days=9))
    load({"leads.csv": HEAD + "d,2024-02-01,\nx\n"}, now=NOON - datetime.timedelta(days=9))
    load({"leads.csv": HEAD + "e,2024-02-01,\n"}, now=NOON)
    times = [time for (time,) in lake("leads", "_landed_at", "order by lead_id")]
    steps = [datetime.timedelta(microseconds=n) for n in range(4)]
    assert times == [NOON + step for step in steps]


def test_landed_at_exceeds_files_without_statistics(load, lake, tmp_path):
    load({"leads.csv": LEADS}, now=NOON)
    (path,) = (tmp_path / "warehouse/raw/leads").glob("*.parquet")
    pq.write_table(pq.read_table(path), path, write_statistics=False)
    load({"leads.csv": HEAD + "c,2024-02-01,\n"}, now=NOON)
    assert lake("leads", "max(_landed_at)") == [(NOON + datetime.timedelta(microseconds=1),)]


def test_loaded_at_is_the_files_own_where_it_has_one(load, lake):
    text = "lead_id,created_at,_loaded_at\na,2024-01-31,2024-03-01T00:00:00+01:00\nb,2024-01-31,\n"
    load({"leads.csv": text}, now=NOON)
    expected = [(datetime.datetime(2024, 2, 29, 23),), (NOON,)]
    assert lake("leads", "_loaded_at", "order by lead_id") == expected


def test_every_column_of_the_contract_has_its_place_and_type(load, tmp_path):
    contract = load_contract()
    contents = {}
    for table in contract.values():
        if table.name != "rejected_rows":
            contents[f"{table.name}.csv"] = ",".join(table.required) + "\n"
    load(contents)
    load({"leads.csv": LEADS})
    for table in contract.values():
        found = [str(path) for path in (tmp_path / "warehouse/raw" / table.name).glob("*.parquet")]
        with duckdb.connect() as connection:
            for path in found:
                described = connection.execute("describe from read_parquet(?)", [path]).fetchall()
                expected = [(column.name, column.data_type) for column in table.columns]
                kinds = [(name, kind.lower()) for name, kind, *_ in described]
                assert [(n, {"varchar": "string"}.get(k, k)) for n, k in kinds] == expected
        assert found


def test_files_are_private(load, tmp_path):
    os.umask(0o022)
    load({"leads.csv": LEADS})
    paths = [tmp_path / "warehouse/raw", *(tmp_path / "warehouse/raw").rglob("*")]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()}
    assert modes == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()} == {0o600}


def test_what_is_written_under_the_lock_is_private(tmp_path):
    before = os.umask(0o022)
    try:
        with warehouse_lock(tmp_path / "warehouse"):
            (tmp_path / "by.txt").write_text("x")
            (tmp_path / "by").mkdir()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "by.txt").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "by").stat().st_mode) == 0o700


def test_names_that_look_like_patterns(load, lake):
    load({"leads/a[1]*?'.csv": LEADS, "leads/b{x}.csv": HEAD + "c,2024-01-01,\n"})
    assert len(lake("leads")) == 2


def test_unknown_files_are_named(load):
    report = load({"leads.csv": LEADS, "notes.txt": "x", "misc/a.md": "", "~$leads.xlsx": "x"})
    (warning,) = report.warnings
    assert "notes.txt" in warning and "misc/" in warning and "~$" not in warning


@pytest.mark.parametrize(
    "name", ["rejected_rows.csv", "Contacts.xlsx", "old.xls", "all.zip/a.csv", "activites/1.csv"]
)
def test_data_beside_the_tables_is_not_passed_over(name, load, lake):
    contents = {"leads.csv": LEADS, name: "x"}
    if name.endswith(".xlsx"):
        contents[name] = workbook({"Sheet1": [["a"]]})
    if name.startswith("all.zip"):
        contents = {"leads.csv": LEADS, "all.zip": zipped({"a.csv": "x", "b.csv": "x"})}
    with pytest.raises(UsageError, match=name.replace("1.csv", "")):
        load(contents)
    assert not lake("leads")
    assert load(contents, accepted=("unread",)).landed


@pytest.mark.parametrize("contents", [{"notes.txt": "x"}, {".leads.csv": LEADS}])
def test_a_directory_without_tables_is_refused(contents, load, tmp_path):
    with pytest.raises(UsageError, match="nothing to load"):
        load(contents)
    with pytest.raises(UsageError, match="does not exist"):
        load_directory(tmp_path / "absent", tmp_path / "warehouse")
    with pytest.raises(UsageError, match="not a directory"):
        load_directory(tmp_path / "source" / next(iter(contents)), tmp_path / "warehouse")


def test_a_lake_that_cannot_be_read_stops_the_load_in_one_line(load, tmp_path):
    broken = tmp_path / "warehouse/raw/leads/other.parquet"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"no parquet")
    with pytest.raises(UsageError, match="nothing landed"):
        load({"leads.csv": LEADS})


def test_a_file_that_changes_while_it_is_read_is_refused(load, tmp_path, monkeypatch):
    real = lake_files.content_hash

    def slow(path, advance):
        digest = real(path, advance)
        path.write_text(LEADS + "c,2024-01-01,\n")
        return digest

    monkeypatch.setattr(lake_files, "content_hash", slow)
    with pytest.raises(UsageError, match="changed"):
        load({"leads.csv": LEADS})
    assert not files(tmp_path / "warehouse")


def parquet(table):
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def test_parquet_types(load, lake):
    zone = pa.timestamp("ms", tz="Europe/Berlin")
    noon = datetime.datetime(2024, 7, 1, 12)
    table = pa.table(
        {
            "Spend ID": pa.array([1.0, 2.0, 3.0]),
            "spend_date": pa.array([noon.replace(hour=0), noon, None], pa.timestamp("ns")),
            "amount": pa.array([1.43, float("nan"), 5.0], pa.float32()),
            "clicks": pa.array([1.0, 2.0, 2.5]),
            "is_refund": pa.array([1, 0, None], pa.int8()),
            "currency": pa.array([b"EUR", b" ", b"USD"], pa.binary()),
            "_loaded_at": pa.array([noon, noon, noon], zone),
        }
    )
    report = load({"spend.parquet": parquet(table)})
    assert lake(
        "spend", "spend_id, spend_date, amount, clicks, is_refund, currency, _loaded_at"
    ) == [("1", datetime.date(2024, 7, 1), Decimal("1.430000"), 1, True, "EUR", noon)]
    assert report.rejected == {
        ("spend", "spend_date: not a date"): 1,
        ("spend", "spend_date: required value is missing"): 1,
    }
    rejects = lake("rejected_rows", "line, record", "order by line")
    assert [line for line, _ in rejects] == [2, 3]
    assert json.loads(rejects[1][1])["currency"] == "USD"


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        (pa.array([float("nan")]), "amount: not an amount"),
        (pa.array([float("inf")]), "amount: not an amount"),
        (pa.array([Decimal("1e20")], pa.decimal128(38, 2)), "amount: not an amount"),
        (pa.array([None], pa.float64()), "amount: required value is missing"),
        (pa.array([True]), "amount: not an amount"),
        (pa.array(["x"]), "amount: not an amount"),
        (pa.array([[1]]), "amount: not an amount"),
    ],
    ids=str,
)
def test_parquet_values_that_do_not_fit(column, reason, load, lake):
    day = pa.array([datetime.date(2024, 1, 1)])
    table = pa.table({"spend_id": ["s"], "spend_date": day, "amount": column})
    assert load({"spend.parquet": parquet(table)}).rejected == {("spend", reason): 1}
    assert lake("rejected_rows", "line, reason") == [(1, reason)]


def test_parquet_with_the_same_column_twice_is_refused(load):
    table = pa.table([["a"], ["b"]], names=["lead_id", "Lead_ID"])
    with pytest.raises(UsageError, match="1 and 2"):
        load({"leads.parquet": parquet(table)})


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_one_bad_row_of_many_is_found_where_it_is(suffix, load, lake, monkeypatch):
    """Long enough for several chunks of the counter and several threads of the reader."""
    monkeypatch.setattr(records, "CHUNK_BYTES", 1 << 16)
    count, bad = 300_000, 234_567
    ids = [f"a{number}" for number in range(count)]
    times = ["2024-01-01 00:00:00"] * count
    times[bad] = "never"
    rows = zip(ids, times, strict=True)
    if suffix == "csv":
        lines = [f'{key},"{time}\n",' for key, time in rows]
        content, line = "\n".join([HEAD.strip(), *lines]), 2 + 2 * bad
    elif suffix == "jsonl":
        lines = [f'{{"lead_id": "{key}", "created_at": "{time}"}}' for key, time in rows]
        content, line = "\n".join(lines), bad + 1
    else:
        table = pa.table({"lead_id": ids, "created_at": times})
        content, line = parquet(table), bad + 1
    report = load({f"leads.{suffix}": content})
    assert report.landed == count - 1
    ((found, record),) = lake("rejected_rows", "line, record")
    assert found == line and f"a{bad}" in record and "never" in record


DAY = "2024-01-01"
FIELD = st.text(st.sampled_from('ab",;\n\r \t\0é'), max_size=6)


@settings(max_examples=40)
@given(rows=st.lists(st.lists(FIELD, min_size=1, max_size=4), max_size=8), end=st.booleans())
def test_rows_written_by_the_csv_module_are_all_accounted_for(rows, end, tmp_path_factory):
    """Python's csv module writes and counts; whatever it holds lands or is rejected."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink, lineterminator="\r\n" if end else "\n")
    writer.writerow(["lead_id", "created_at", "email"])
    for number, row in enumerate(rows):
        writer.writerow([f"k{number}", DAY, *row])
    file = _check_accounting(sink.getvalue(), tmp_path_factory.mktemp("p"))
    # What was written isn't what a reader finds: the writer leaves a CR without quotes.
    records = list(csv.reader(io.StringIO(sink.getvalue(), newline="")))[1:]
    padded = [[*row, *[""] * (3 - len(row))] for row in records]
    sound = (row for row in padded if not "".join(row[3:]).strip() and row[1].strip() == DAY)
    expected = [(row[0], row[2] if row[2].strip() else None) for row in sound if row[0].strip()]
    with duckdb.connect() as connection:
        found = connection.execute("select lead_id, email from read_parquet(?)", [file.path])
        landed = [row for row in expected if "\0" not in str(row[1]) + row[0]]
        assert sorted(found.fetchall(), key=str) == sorted(landed, key=str)


@settings(max_examples=100)
@given(body=st.text(st.sampled_from('ab,"\n\r'), max_size=30))
def test_any_text_is_accounted_for_or_refused(body, tmp_path_factory):
    _check_accounting(f"lead_id,created_at\nx,2024-01-01\n{body}", tmp_path_factory.mktemp("p"))


def _check_accounting(text, directory):
    source = directory / "source"
    source.mkdir()
    (source / "leads.csv").write_bytes(text.encode())
    records = [row for row in csv.reader(io.StringIO(text, newline="")) if any(row)][1:]
    try:
        accepted = ("rejected",)
        (file,) = load_directory(source, directory / "warehouse", accepted=accepted).files
    except UsageError:
        # Only quotes that the strict parser doesn't understand are a reason to refuse a file.
        with pytest.raises(csv.Error):
            list(csv.reader(io.StringIO(text, newline=""), strict=True))
        return
    assert file.rows == len(records) == file.landed + file.rejected_count
    width = len(csv_head(text))
    good = [row for row in records if not "".join(row[width:]).strip() and "\0" not in "".join(row)]
    assert file.landed <= len(good)
    with duckdb.connect() as connection:
        found = connection.execute("select lead_id from read_parquet(?)", [file.path]).fetchall()
    assert {key for (key,) in found} <= {row[0] for row in good}
    return file


def csv_head(text):
    return next(csv.reader(io.StringIO(text, newline="")))


@settings(max_examples=300)
@given(
    body=st.text(st.sampled_from('ab,"\n\r'), max_size=40),
    chunk=st.integers(min_value=1, max_value=9),
)
def test_records_are_framed_alike_at_any_chunk_size(body, chunk, tmp_path_factory):
    path = tmp_path_factory.mktemp("p") / "x.csv"
    path.write_bytes(f"a,b\n{body}".encode())
    with text.TextFile(path, "x.csv") as source:
        header = text.read_header(source, lambda _: ",")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(records, "CHUNK_BYTES", chunk)
            framed = _framed(source, header)
        assert framed == _framed(source, header)
    if framed != "refused":
        bounds = [(start, end) for start, end, *_ in framed]
        assert [line for _, _, line, _, _ in framed] == [
            2 + len(re.findall("\r\n|\n|\r", body[: start - 4])) for start, _ in bounds
        ]
        rows = list(csv.reader(io.StringIO(body, newline="")))
        assert [csv_rows(f"a,b\n{body}"[start:end]) for start, end in bounds] == [
            [row] for row in rows
        ]


def test_a_record_without_end_is_refused_with_its_line(load, monkeypatch):
    monkeypatch.setattr(records, "CHUNK_BYTES", 100)
    monkeypatch.setattr(records, "LONGEST_RECORD", 1000)
    row = "a,2024-01-31,x\n"
    head = "lead_id,created_at,email\n" + 50 * row + 'b,2024-01-31,"two\nlines"\n'
    with pytest.raises(UsageError, match="the record on line 54 is longer than 0 MB"):
        load({"leads.csv": head + 'c,2024-01-31,"x\n' + 100 * row})


def csv_rows(text):
    return list(csv.reader(io.StringIO(text, newline=""))) or [[]]


def _framed(source, header):
    try:
        batches = list(records.frame(source, header))
    except UsageError:
        return "refused"
    joined = [
        np.concatenate([getattr(batch, name) for batch in batches]).tolist() if batches else []
        for name in ("starts", "ends", "lines", "fields", "is_blank")
    ]
    return list(zip(*joined, strict=True))


def test_a_terminal_sees_progress_and_the_same_result(load, lake):
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True)
    report = load({"leads.csv": LEADS, "leads/x.jsonl": "nonsense\n"}, console=console)
    print_report(report, console)
    assert "leads.csv" in screen.getvalue() and report.landed == 1
    assert "a@x.com" not in screen.getvalue()


def run(tmp_path, *arguments):
    script = str(project_root() / "scripts/load.py")
    done = subprocess.run(
        [sys.executable, script, *arguments],
        env={**os.environ, "WAREHOUSE": "w"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert_no_defect(done.stderr)
    return done


def test_the_command_says_what_it_did(tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    (source / "leads.csv").write_text(LEADS.replace("email", "Mail"))
    # Half of the rows is more than a twentieth.
    done = run(tmp_path, "in")
    assert done.returncode == 1 and "--accept rejected:leads" in done.stderr
    shutil.rmtree(tmp_path / "w")
    done = run(tmp_path, "in", "--accept", "rejected:leads")
    assert done.returncode == 0
    assert "leads: 1 row rejected: created_at: not a timestamp" in done.stdout
    assert "a@x.com" not in done.stdout + done.stderr
    assert done.stderr == "warning: leads.csv: unknown columns are ignored: Mail\n"
    assert (tmp_path / "w/raw/leads").is_dir()
    assert "nothing changed" in run(tmp_path, "in").stdout


def test_the_command_refuses_in_one_line(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/leads.csv").write_text("lead_id\n1\n")
    for arguments, said in (
        (["in"], "created_at"),
        (["out"], "exist"),
        (["in", "--mapping", "m"], "m"),
    ):
        done = run(tmp_path, *arguments)
        assert done.returncode == 2
        assert said in done.stderr and done.stderr.count("\n") == 1


def test_the_command_waits_for_nobody(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/leads.csv").write_text(LEADS)
    with warehouse_lock(tmp_path / "w"):
        done = run(tmp_path, "in")
    assert done.returncode == 75 and done.stderr.count("\n") == 1
    assert not (tmp_path / "w/raw").exists()
