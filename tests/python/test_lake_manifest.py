"""A file of the lake that is lost, edited, half noted or put back is told from one as it landed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from test_refresh import ROOT, assert_one_line, environment, project, run, warehouse

from qualified_leads.erase.forget import erase, finish, is_unfinished
from qualified_leads.errors import UsageError
from qualified_leads.lake import manifest as lake_manifest
from qualified_leads.lake.manifest import (
    CHANGED,
    MANIFEST_NAME,
    MISSING,
    Problem,
    find_problems,
    read_manifest,
    verify,
)

__all__ = ["project", "warehouse"]  # fixtures

LEADS = (
    "lead_id,created_at,email,first_name,last_name\n"
    "L1,2026-01-01,zoe@zebra.example,Zoe,Zebra\n"
    "L2,2026-01-01,ann@example.org,Ann,Ape\n"
    "L3,soon,zoe@zebra.example,Zoe,Zebra\n"
)
SPEND = "spend_id,spend_date,amount\nS1,2026-01-01,5\n"
FILES = {"leads.csv": LEADS, "spend.csv": SPEND}


@pytest.fixture
def raw(load, tmp_path: Path) -> Path:
    """A lake of a file of leads, one of spend and one of rejects."""
    load(FILES)
    return tmp_path / "warehouse" / "raw"


def file_of(raw: Path, table: str) -> Path:
    (found,) = (raw / table).glob("*.parquet")
    return found


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def edit(path: Path) -> None:
    """Change a value as somebody would who means well: the file is whole, of as many rows."""
    table = pq.read_table(path)
    pq.write_table(table.set_column(0, table.schema.field(0), table.column(0)[::-1]), path)


def flip(path: Path) -> None:
    """Change one bit of the data and leave the file its size and times."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[10] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def assert_all_is_noted(raw: Path) -> None:
    names = {name_of(path) for path in raw.glob("*/*.parquet")}
    assert read_manifest(raw).keys() == names
    assert find_problems(raw) == []
    assert verify(raw)[:2] == ([], [])


def test_a_load_notes_what_it_landed(raw: Path) -> None:
    assert len(read_manifest(raw)) == 3
    assert_all_is_noted(raw)
    assert read_manifest(raw)[name_of(file_of(raw, "leads"))].rows == 2
    assert verify(raw)[2] == 4


def test_a_loss_and_an_edit_are_found(raw: Path) -> None:
    leads, spend = file_of(raw, "leads"), file_of(raw, "spend")
    edit(leads)
    spend.unlink()
    expected = [Problem(name_of(leads), CHANGED), Problem(name_of(spend), MISSING)]
    assert find_problems(raw) == expected
    assert verify(raw)[0] == expected


def test_nothing_is_read_where_size_and_time_agree(raw: Path, monkeypatch) -> None:
    monkeypatch.setattr(lake_manifest, "_hash", None)
    assert find_problems(raw) == []


def test_what_a_backup_brings_back_is_as_it_landed(raw: Path, tmp_path: Path, monkeypatch) -> None:
    shutil.copytree(raw, tmp_path / "backup", copy_function=shutil.copyfile)
    shutil.rmtree(raw)
    shutil.move(tmp_path / "backup", raw)
    assert find_problems(raw) == []
    monkeypatch.setattr(lake_manifest, "_hash", None)  # and is read once
    assert find_problems(raw) == []


def test_an_edit_that_keeps_size_and_time_is_verified(raw: Path) -> None:
    leads = file_of(raw, "leads")
    flip(leads)
    assert find_problems(raw) == []
    assert verify(raw)[0] == [Problem(name_of(leads), CHANGED)]


def test_every_column_is_read(raw: Path) -> None:
    """A file that was noted as it was then, and of which a page can't be decoded."""
    leads = file_of(raw, "leads")
    content = bytearray(leads.read_bytes())
    content[4:60] = bytes(56)
    leads.write_bytes(content)
    (raw / MANIFEST_NAME).unlink()
    lake_manifest.take_in(raw)
    ((problem,), unknown, _) = verify(raw)
    assert problem.name == name_of(leads) and "can't be read" in problem.what
    assert unknown == []


def test_a_file_that_nobody_noted_is_taken_in_and_told(load, raw: Path) -> None:
    copy = raw / "spend" / "copy.parquet"
    shutil.copy(file_of(raw, "spend"), copy)
    assert verify(raw)[1] == ["spend/copy.parquet"]
    (warning,) = load({}).warnings
    assert "spend/copy.parquet" in warning and "no entry" in warning
    assert_all_is_noted(raw)
    assert load({}).warnings == []


def test_an_older_lake_gets_its_manifest(load, raw: Path) -> None:
    (raw / MANIFEST_NAME).unlink()
    assert all(file.is_known for file in load({}).files)
    assert_all_is_noted(raw)


def test_a_file_that_is_landed_again_has_a_new_entry(load, raw: Path) -> None:
    for path in [file_of(raw, "leads"), file_of(raw, "rejected_rows")]:
        path.unlink()
    assert len(find_problems(raw)) == 2
    load({})
    assert_all_is_noted(raw)


def test_a_damaged_manifest_is_named(load, raw: Path) -> None:
    path = raw / MANIFEST_NAME
    before = path.read_text()
    for text in ("", before[:100], "[]", '{"format": 1, "files": {"leads/a.parquet": {}}}'):
        path.write_text(text)
        with pytest.raises(UsageError, match=rf"{MANIFEST_NAME} is damaged"):
            load({"leads.csv": LEADS + "L9,2026-01-01,,,\n"})
    path.write_text(json.dumps(json.loads(before) | {"format": 99}))
    with pytest.raises(UsageError, match="format 99.* knows 1"):
        load({})


def test_an_erasure_that_is_killed_at_any_step_leaves_the_manifest_right(
    load, tmp_path: Path, monkeypatch
) -> None:
    real, place = os.replace, tmp_path / "warehouse"
    seeds, points = ROOT / "seeds", 0
    while True:
        shutil.rmtree(place, ignore_errors=True)
        load(FILES)
        steps = 0

        def replace(old, new, limit: int = points) -> None:
            nonlocal steps
            if steps == limit:
                raise KeyboardInterrupt
            steps += 1
            real(old, new)

        monkeypatch.setattr(os, "replace", replace)
        try:
            erase(place, [], ["zoe@zebra.example"], seeds, [])
            break
        except KeyboardInterrupt:
            points += 1
        finally:
            monkeypatch.setattr(os, "replace", real)
        if is_unfinished(place):
            finish(place, seeds, [])
        else:
            erase(place, [], ["zoe@zebra.example"], seeds, [])
        assert_all_is_noted(place / "raw")
    assert points >= 5  # the list, and for each of two files: its entry, its name; the new entries
    assert_all_is_noted(place / "raw")
    assert b"Zebra" not in file_of(place / "raw", "leads").read_bytes()


def test_an_erasure_does_not_vouch_for_a_file_that_had_changed(raw: Path) -> None:
    leads = file_of(raw, "leads")
    edit(leads)
    erase(raw.parent, [], ["zoe@zebra.example"], ROOT / "seeds", [])
    assert b"Zebra" not in leads.read_bytes()
    assert find_problems(raw) == [Problem(name_of(leads), CHANGED)]


# The commands


def refresh(project: Path, place: Path, *arguments: str, **extra: str):
    (project / "seeds").mkdir(exist_ok=True)
    shutil.copy(ROOT / "seeds" / "release_guards.csv", project / "seeds")
    described = yaml.safe_load((ROOT / "seeds" / "_seeds.yml").read_text())["seeds"]
    (seed,) = [seed for seed in described if seed["name"] == "release_guards"]
    config = {"column_types": seed["config"]["column_types"]}
    types = {"seeds": [{"name": seed["name"], "config": config}]}
    (project / "seeds" / "_seeds.yml").write_text(yaml.safe_dump(types))
    return run(project, place, *arguments, **extra)


def test_a_refresh_stops_at_a_changed_lake_until_it_is_put_right_or_accepted(
    project: Path, raw: Path, tmp_path: Path
) -> None:
    place = raw.parent
    done = refresh(project, place)
    assert (done.returncode, done.stderr) == (0, "")
    before = os.readlink(place / "qualified_leads.duckdb")
    leads, spend = file_of(raw, "leads"), file_of(raw, "spend")
    shutil.copytree(raw, tmp_path / "backup")
    edit(leads)
    spend.unlink()
    # Also where nothing else has changed, and what was released would stand.
    for changed in ("*", ""):
        stopped = refresh(project, place, "--accept", "lake:spend", CHANGED=changed)
        assert stopped.returncode == 1
        assert_one_line(
            stopped.stderr,
            rf"^stopped before the build by lake: raw/{name_of(leads)} has changed since it landed;"
            r" nothing released; restore .* --accept lake:leads$",
        )
    assert os.readlink(place / "qualified_leads.duckdb") == before

    shutil.rmtree(raw)
    shutil.copytree(tmp_path / "backup", raw)
    assert refresh(project, place).stderr == ""

    edit(leads)
    accepted = refresh(project, place, "--accept", "lake", CHANGED="")
    assert accepted.returncode == 0
    assert_one_line(accepted.stderr, f"^accepted: lake: raw/{name_of(leads)} has changed")
    assert os.readlink(place / "qualified_leads.duckdb") != before
    assert "fct_leads" in accepted.stdout  # in full: of rows that it knows staging reads no more
    assert refresh(project, place).stderr == ""
    assert_all_is_noted(raw)


def test_a_refresh_takes_in_a_lake_without_a_manifest(project: Path, raw: Path) -> None:
    (raw / MANIFEST_NAME).unlink()
    done = refresh(project, raw.parent)
    assert done.returncode == 0
    assert_one_line(done.stderr, r"^warning: 3 files of the lake had no entry")
    assert_all_is_noted(raw)


def verify_command(place: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "scripts" / "verify.py")]
    return subprocess.run(
        command, env=environment(place), capture_output=True, text=True, check=False
    )


def test_verify_says_what_is_wrong_and_what_to_do(raw: Path, tmp_path: Path) -> None:
    place = raw.parent.rename(tmp_path / "it's [1] *")
    raw = place / "raw"
    done = verify_command(place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "The lake is as it landed: 4 rows\n"
    leads = file_of(raw, "leads")
    flip(leads)
    done = verify_command(place)
    assert (done.returncode, done.stdout) == (1, f"raw/{name_of(leads)} {CHANGED}\n")
    assert_one_line(done.stderr, rf"^raw/{name_of(leads)} {CHANGED}; restore .* from a backup")
    (place / ".erasing").touch()
    assert verify_command(place).returncode == 2


def test_verify_needs_a_lake(tmp_path: Path) -> None:
    done = verify_command(tmp_path / "none")
    assert done.returncode == 2
    assert_one_line(done.stderr, "^there is no lake in ")
    assert not (tmp_path / "none").exists()
