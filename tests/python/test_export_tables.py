"""Tables for other tools: whole directories, no formulas, no personal data unasked."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from report_release import EMAIL, HOSTILE, write_release

from qualified_leads.durable import whole_directory
from qualified_leads.errors import UsageError
from qualified_leads.export import tables as module
from qualified_leads.export.tables import ExportError, export_tables
from qualified_leads.release.reading import find_release

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_release(tmp_path_factory.mktemp("release"), HOSTILE)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create table marts.fct_odd as select -5 as number, -1.50 as amount, '-5' as text, "
            "null as nothing, '' as empty, date '2026-01-01' as day, ['=1'] as list"
        )
    return path


def export(release: Path, out: Path, file_format: module.Format, **options) -> module.Exported:
    return export_tables(find_release(out, release), out, file_format, **options)


def test_csv_has_no_formulas_and_keeps_numbers(release: Path, tmp_path: Path) -> None:
    directory = export(release, tmp_path, "csv").directory
    with (directory / "marts.fct_odd.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["number", "amount", "text", "nothing", "empty", "day", "list"],
            ["-5", "-1.50", "'-5", "", "", "2026-01-01", "['=1']"],
        ]
    with (directory / "reports.rpt_source_costs.csv").open(newline="", encoding="utf-8") as file:
        sources = {row["lead_source"] for row in csv.DictReader(file)}
    formulas = {name for name in HOSTILE if name.startswith(("=", "+", "-", "@", "\t", "\r"))}
    assert len(formulas) > 3
    assert sources == (set(HOSTILE) - formulas) | {f"'{name}" for name in formulas}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_each_start_of_a_formula_is_neutral(start: str) -> None:
    query = f"select {module.neutral('value')} from (values (?), (?)) as t (value)"
    rows = duckdb.execute(query, [f"{start}1", f"1{start}"]).fetchall()
    assert rows == [(f"'{start}1",), (f"1{start}",)]


def test_parquet_has_every_row_as_it_is(release: Path, tmp_path: Path) -> None:
    exported = export(release, tmp_path, "parquet")
    with duckdb.connect(str(release), read_only=True) as connection:
        for table, count in exported.row_counts.items():
            path = str(exported.directory / f"{table}.parquet")
            difference = f"(from {table} except all from read_parquet(?))"
            assert connection.execute(f"select count(*) from {difference}", [path]).fetchone() == (
                0,
            )
            rows = connection.execute("select count(*) from read_parquet(?)", [path]).fetchone()
            assert rows == (count,)
    manifest = json.loads((exported.directory / "manifest.json").read_text())
    assert manifest["rows"] == exported.row_counts and manifest["release"] == release.name


def test_personal_data_only_when_asked_for(release: Path, tmp_path: Path) -> None:
    plain = export(release, tmp_path, "csv")
    assert "marts.dim_leads" not in plain.row_counts
    assert not any(EMAIL.encode() in p.read_bytes() for p in plain.directory.iterdir())
    with pytest.raises(UsageError, match="--with-personal-data"):
        export(release, tmp_path, "csv", only=["marts.dim_leads"])
    asked = export(release, tmp_path, "csv", with_personal_data=True, only=["marts.dim_leads"])
    assert EMAIL in (asked.directory / "marts.dim_leads.csv").read_text()
    with pytest.raises(UsageError, match=r"not in the release: marts\.none"):
        export(release, tmp_path, "csv", only=["marts.none"])


def test_latest_is_swapped_and_three_are_kept(release: Path, tmp_path: Path) -> None:
    made = [export(release, tmp_path, "csv", only=["marts.fct_leads"]) for _ in range(5)]
    assert os.readlink(tmp_path / "latest") == made[-1].directory.name
    kept = {path.name for path in tmp_path.iterdir()} - {"latest"}
    assert kept == {one.directory.name for one in made[-3:]}


def test_failure_leaves_what_was_there(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = export(release, tmp_path, "csv", only=["marts.fct_leads"])
    write, written = module._write, []

    def fill_the_disk(*arguments) -> int:
        if written:
            raise OSError(28, "No space left on device")
        written.append(1)
        return write(*arguments)

    monkeypatch.setattr(module, "_write", fill_the_disk)
    with pytest.raises(ExportError, match="no space left"):
        export(release, tmp_path, "csv")
    assert os.readlink(tmp_path / "latest") == before.directory.name
    assert {p.name for p in tmp_path.iterdir()} == {"latest", before.directory.name}


def test_leftovers_of_a_killed_export_go(release: Path, tmp_path: Path) -> None:
    (tmp_path / ".new-half").mkdir()
    (tmp_path / ".new-latest-x").symlink_to("nowhere")
    export(release, tmp_path, "csv", only=["marts.fct_leads"])
    assert not list(tmp_path.glob(".new-*"))


def test_directory_is_whole_or_absent(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), whole_directory(tmp_path / "a") as place:
        (place / "file").write_text("half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_command(release: Path, tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "scripts" / "export.py"), *arguments],
            capture_output=True,
            text=True,
            env={"WAREHOUSE": str(tmp_path), "PATH": ""},
        )

    done = run("tables", "--release", str(release), "--table", "marts.fct_leads")
    assert done.returncode == 0 and "Exported 1 tables, 90 rows" in done.stdout
    assert (tmp_path / "exports/tables/latest/marts.fct_leads.parquet").exists()
    none = run("tables")
    assert none.returncode == 2 and none.stderr.count("\n") == 1
