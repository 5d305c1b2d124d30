"""What lies in the directory of a load and is no file, or unfolds without end, is named."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from files import workbook, zipped
from test_night import script, without_rights

from qualified_leads.errors import UsageError
from qualified_leads.load import bounds as load_bounds
from qualified_leads.load import source as load_source
from qualified_leads.load.land import load_directory
from qualified_leads.refresh.guards import GuardError

pytestmark = pytest.mark.promise("Nothing is lost in silence")
LEADS = "lead_id,created_at\nL1,2026-01-01\n"
MAPPING = {"loads": [{"file": "day/*.csv", "table": "leads"}]}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "files" / "day").mkdir(parents=True)
    (tmp_path / "files" / "leads.csv").write_text(LEADS)
    return tmp_path / "files"


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yml"
    path.write_text(json.dumps(MAPPING))
    return path


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def make_dead_link(path: Path) -> None:
    path.symlink_to("yesterday.csv")


def make_circle(path: Path) -> None:
    path.symlink_to(path.name)


def make_link_to_pipe(path: Path) -> None:
    os.mkfifo(path.parent / ".hidden")
    path.symlink_to(".hidden")


ODD = {
    "a pipe": make_pipe,
    "a socket": make_socket,
    "a link to nothing": make_dead_link,
    "too many levels of symbolic links": make_circle,
}


# Beside the files


@pytest.mark.parametrize("name", ["spend.csv", "leads/late.csv", "notes", "other/deep/x.csv"])
@pytest.mark.parametrize("kind", [*ODD, "a pipe behind a link"])
def test_what_is_no_file_stops_a_load(files: Path, tmp_path: Path, name: str, kind: str) -> None:
    make = ODD.get(kind, make_link_to_pipe)
    (files / name).parent.mkdir(parents=True, exist_ok=True)
    make(files / name)
    with pytest.raises(UsageError) as caught:
        load_directory(files, tmp_path / "warehouse")
    told = kind.removesuffix(" behind a link")
    assert f"{name} ({told}) can't be read; nothing landed" in str(caught.value)
    assert "--accept unread" in str(caught.value) and "\n" not in str(caught.value)
    report = load_directory(files, tmp_path / "warehouse", accepted=("unread",))
    assert report.landed == 1
    assert any(f"accepted: {name} ({told})" in line for line in report.warnings)


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_file_and_could_be_meant_stops_a_mapped_load(
    files: Path, mapping: Path, tmp_path: Path, kind: str
) -> None:
    (files / "day" / "one.csv").write_text(LEADS)
    ODD[kind](files / "day" / "two.csv")
    with pytest.raises(UsageError, match=rf"day/two\.csv \({kind}\) can't be read"):
        load_directory(files, tmp_path / "warehouse", mapping)


def test_what_no_mapping_means_is_named_and_stops_nothing(
    files: Path, mapping: Path, tmp_path: Path
) -> None:
    (files / "day" / "one.csv").write_text(LEADS)
    make_pipe(files / "other.csv")
    report = load_directory(files, tmp_path / "warehouse", mapping)
    assert report.landed == 1
    assert report.warnings == ["the mapping reads nothing of leads.csv, other.csv (a pipe)"]


def test_a_link_to_another_directory_is_not_followed(
    files: Path, mapping: Path, tmp_path: Path
) -> None:
    (files / "day" / "one.csv").write_text(LEADS)
    (files / "latest").symlink_to("day")  # it is read anyway
    assert load_directory(files, tmp_path / "warehouse", mapping).landed == 1
    (tmp_path / "elsewhere").mkdir()
    (files / "day" / "more").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match=r"day/more/ \(a link out of the directory\)"):
        load_directory(files, tmp_path / "warehouse", mapping)


def test_data_below_the_directory_of_a_table_is_named(files: Path, tmp_path: Path) -> None:
    (files / "leads" / "2026").mkdir(parents=True)
    (files / "leads" / "2026" / "january.csv").write_text(LEADS)
    with pytest.raises(UsageError, match="no table takes leads/2026/"):
        load_directory(files, tmp_path / "warehouse")


def test_a_name_that_is_not_utf8_is_named(files: Path, tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(files) + b"/leads-\xff.csv"))).write_text(LEADS)
    with pytest.raises(UsageError, match=r"leads-\?\.csv \(a name that is not UTF-8\)"):
        load_directory(files, tmp_path / "warehouse")


@pytest.mark.parametrize("name", ["spend", "other"])
def test_a_closed_directory_beside_files_stops_a_load(
    files: Path, tmp_path: Path, name: str
) -> None:
    prefix = without_rights()
    (files / name).mkdir(mode=0o000)
    done = script("load.py", str(files), place=tmp_path / "warehouse", prefix=prefix)
    assert done.returncode == 2
    assert f"{name}/ (permission denied) can't be read; nothing landed" in done.stderr


def test_a_closed_file_stops_a_load(files: Path, tmp_path: Path) -> None:
    prefix = without_rights()
    (files / "spend.csv").touch(mode=0o000)
    done = script("load.py", str(files), place=tmp_path / "warehouse", prefix=prefix)
    assert done.returncode == 2
    assert f"cannot read spend.csv: {files}/spend.csv: permission denied" in done.stderr


def test_a_source_of_nothing_else_says_so(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    make_pipe(tmp_path / "files" / "leads.csv")
    with pytest.raises(UsageError, match=r"holds no file .* but leads\.csv \(a pipe\)"):
        load_directory(tmp_path / "files", tmp_path / "warehouse")


# What unfolds


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that a test reaches at once."""
    monkeypatch.setattr(load_bounds, "SMALL", 1 << 20)
    monkeypatch.setattr(load_bounds, "MOST_TIMES", 20)


def parquet(tmp_path: Path, columns: dict[str, Any], **options: Any) -> bytes:
    pq.write_table(pa.table(columns), tmp_path / "x", **options)
    return (tmp_path / "x").read_bytes()


def repeated(text: str, count: int) -> pa.Array:
    """A column in whose dictionary a text stands once."""
    places = pa.array([0] * count, pa.int32())
    return pa.DictionaryArray.from_arrays(places, pa.array([text]))


def nested(text: str, count: int, how: str) -> pa.Array:
    texts = repeated(text, count)
    if how == "struct":
        return pa.StructArray.from_arrays([texts, pa.nulls(count)], ["a", "b"])
    if how == "map":
        offsets = pa.array(range(count + 1), pa.int32())
        return pa.MapArray.from_arrays(offsets, pa.array(["k"] * count), texts)
    return pa.ListArray.from_arrays(pa.array(range(count + 1), pa.int32()), texts)


def keys(count: int) -> dict[str, Any]:
    return {"lead_id": [str(n) for n in range(count)], "created_at": ["2026-01-01"] * count}


UNFOLDING: dict[str, Callable[[Path], tuple[str, bytes]]] = {
    "a value of a dictionary": lambda tmp: (
        "leads.parquet",
        parquet(tmp, keys(500) | {"job_title": repeated("x" * 10_000, 500)}),
    ),
    "a value of a column that nobody reads": lambda tmp: (
        "leads.parquet",
        parquet(tmp, keys(500) | {"blob": repeated("x" * 10_000, 500).cast(pa.binary())}),
    ),
    **{
        f"a value in a {how}": lambda tmp, how=how: (
            "leads.parquet",
            parquet(tmp, keys(500) | {"more": nested("x" * 10_000, 500, how)}),
        )
        for how in ("struct", "list", "map")
    },
    "pages that compress": lambda tmp: (
        "leads.parquet",
        parquet(
            tmp,
            keys(2) | {"email": ["x" * 9_000_000, "y"]},
            use_dictionary=False,
            compression="zstd",
        ),
    ),
    "rows of nothing": lambda tmp: (
        "leads.parquet",
        parquet(tmp, {"lead_id": pa.nulls(5_000_000, pa.string())}),
    ),
    "gzip": lambda tmp: ("leads.csv.gz", gzip.compress(LEADS.encode() + b"\n" * 9_000_000)),
    "zip": lambda tmp: ("leads.zip", zipped({"leads.csv": LEADS + "\n" * 9_000_000})),
    "many in a zip": lambda tmp: (
        "all.zip",
        zipped({f"leads-{n}.csv": LEADS + "\n" * 900_000 for n in range(10)}),
    ),
    "a workbook": lambda tmp: (
        "leads.xlsx",
        workbook({"leads": [["lead_id", "created_at"], *[["x" * 30_000, "2026"]] * 400]}),
    ),
    "a sheet of few cells far out": lambda tmp: (
        "leads.xlsx",
        workbook({"leads": [["lead_id"], *[[None] * 16_000 + ["x"]] * 5]}),
    ),
}


@pytest.mark.parametrize("what", UNFOLDING)
@pytest.mark.usefixtures("small")
def test_what_a_small_file_unfolds_to_is_bounded(what: str, load: Callable, tmp_path: Path) -> None:
    name, content = UNFOLDING[what](tmp_path)
    assert len(content) < 450_000
    with pytest.raises(UsageError, match=r"unfolds to more than .*; if that is meant, send it"):
        load({name: content})
    assert not list((tmp_path / "warehouse").glob("raw/*/*"))
    assert not list((tmp_path / "warehouse").glob(".tmp*"))


def test_a_record_of_parquet_is_bounded_as_one_of_text_is(
    load: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_bounds, "LONGEST_RECORD", 1000)
    content = keys(3) | {"email": ["a", "b" * 600, "c"], "phone": ["a", "b" * 600, None]}
    with pytest.raises(UsageError, match=r"leads\.parquet: a record is longer than"):
        load({"leads.parquet": parquet(tmp_path, content)})


@pytest.mark.usefixtures("small")
def test_data_that_compresses_well_is_no_fault(load: Callable, tmp_path: Path) -> None:
    repeating = keys(20_000) | {
        "job_title": ["Head of Sales"] * 20_000,
        "more": [{"a": [1]}] * 20_000,
    }
    assert load({"leads.parquet": parquet(tmp_path, repeating)}).landed == 20_000


def test_columns_of_parquet_are_bounded(load: Callable, tmp_path: Path) -> None:
    columns = keys(1) | {f"c{n}": ["x"] for n in range(1200)}
    assert load({"leads.parquet": parquet(tmp_path, columns)}).landed == 1
    columns |= {f"d{n}": [1] for n in range(load_source.MOST_COLUMNS)}
    with pytest.raises(UsageError, match="columns, more than 16,384"):
        load({"leads/many.parquet": parquet(tmp_path, columns)})


def test_a_bomb_ends_at_once_and_the_lock_is_free(files: Path, tmp_path: Path) -> None:
    """300 KB of Parquet that are 120 GB of values."""
    many = keys(120_000) | {"job_title": repeated("x" * (1 << 20), 120_000)}
    (files / "leads.parquet").write_bytes(parquet(tmp_path, many, row_group_size=120_000))
    done = script("load.py", str(files), place=tmp_path / "warehouse")
    assert done.returncode == 2 and "leads.parquet unfolds to more than 1 GB" in done.stderr
    (files / "leads.parquet").unlink()
    assert script("load.py", str(files), place=tmp_path / "warehouse").returncode == 0


# Files that are damaged inside


def test_a_page_of_parquet_that_is_damaged(load: Callable, tmp_path: Path) -> None:
    """The first, which shows when the file is opened, and the last, when most is read."""
    content = parquet(
        tmp_path,
        keys(400_000) | {"email": [f"{n}@a.example" for n in range(400_000)]},
        row_group_size=100_000,
        use_dictionary=False,
        compression="zstd",
    )
    for place in (2000, len(content) * 9 // 10):
        spoilt = content[:place] + b"\xff" * 5000 + content[place + 5000 :]
        with pytest.raises(UsageError, match=r"cannot read leads\.parquet: it is damaged \("):
            load({"leads.parquet": spoilt})


def changed(content: bytes, member: str, change: Callable[[bytes], bytes]) -> bytes:
    """A zip in which one member is another one."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    return zipped(members | {member: change(members[member])})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"</row>", b""),
        (b'r="A1"', b'r="1A"'),
        (b"<v>", b"<v>x"),
        (b"<v>45000</v>", b"<v>1e300</v>"),
        (b't="n"', b't="s"'),
    ],
)
def test_a_sheet_that_is_damaged(load: Callable, old: bytes, new: bytes) -> None:
    day = datetime(2023, 3, 15)
    content = workbook({"leads": [["lead_id", "created_at"], ["L1", day], ["L2", day]]})
    name = "xl/worksheets/sheet1.xml"
    spoilt = changed(content, name, lambda sheet: sheet.replace(old, new))
    with suppress(GuardError, UsageError):
        # Either it is refused, or openpyxl makes something of it; nothing else is raised.
        load({"leads.xlsx": spoilt})


def test_half_a_character_is_refused(load: Callable) -> None:
    text = '[{"lead_id": "L1", "created_at": "2026-01-01", "email": "\\ud800"}]'
    with pytest.raises(UsageError, match=r"leads\.json has half a character"):
        load({"leads.json": text})


def test_a_member_without_a_name_is_no_data(load: Callable) -> None:
    report = load({"all.zip": zipped({"leads.csv": LEADS, ".": "x"})})
    assert report.landed == 1


def test_a_time_of_no_calendar_is_refused(load: Callable, tmp_path: Path) -> None:
    load({"leads.csv": LEADS})
    try:
        os.utime(tmp_path / "source" / "leads.csv", (1 << 40, 1 << 40))
    except OSError:
        pytest.skip("this file system has no such time")
    if (tmp_path / "source" / "leads.csv").stat().st_mtime < 1 << 40:
        pytest.skip("this file system has no such time")
    with pytest.raises(UsageError, match=r"leads\.csv was changed in a year that no calendar has"):
        load({}, extracted_at="modified")
