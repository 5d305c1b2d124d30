"""A linked release that is cut, rotten, missing or somebody's own file stops nobody for good."""

from __future__ import annotations

import os
import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from rich.console import Console
from test_refresh import ROOT, assert_one_line, project, released, run, warehouse
from test_release import write_work

from qualified_leads.erase.forget import erase
from qualified_leads.errors import UsageError
from qualified_leads.export.tables import export_tables
from qualified_leads.refresh.job import RefreshOptions, _Job
from qualified_leads.refresh.runs import Run
from qualified_leads.release.publish import (
    LINK_NAME,
    linked_release,
    release,
    set_damaged_release_aside,
)
from qualified_leads.release.reading import find_release
from qualified_leads.report.build import report_release

__all__ = ["project", "warehouse"]  # fixtures

AS_OF = datetime(2026, 7, 1)
PEOPLE = 200_000  # some blocks of a table, apart from those of any other


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    path.write_text("no database" * 1000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def replace_by_another_database(path: Path) -> None:
    path.unlink()
    duckdb.connect(str(path)).close()


def rot(path: Path) -> None:
    """Flip a bit of what only whoever reads all people reads."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGES = (cut, overwrite, empty, replace_by_another_database)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A warehouse with a release of many people."""
    write_work(tmp_path / "it's [1]", PEOPLE)
    release(tmp_path / "it's [1]", AS_OF)
    return tmp_path / "it's [1]"


def linked(place: Path) -> Path:
    found = linked_release(place)
    assert found is not None
    return found


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_set_aside(damage, place: Path) -> None:
    path = linked(place)
    assert set_damaged_release_aside(place, read_all=True) is None
    damage(path)
    told = set_damaged_release_aside(place)
    assert told == f"the linked release {path} is damaged; it is now .damaged-{path.name}"
    assert not path.exists() and (place / f".damaged-{path.name}").exists()
    assert set_damaged_release_aside(place) is None
    release(place, AS_OF)
    assert linked(place).is_file()


def test_rot_is_found_where_all_is_read(place: Path) -> None:
    rot(linked(place))
    assert set_damaged_release_aside(place) is None
    assert set_damaged_release_aside(place, read_all=True) is not None


def test_a_release_that_is_open_elsewhere_is_left_alone(place: Path) -> None:
    path = linked(place)
    path.chmod(0)
    if os.access(path, os.R_OK):  # as root: then a directory, which nobody can open as a file
        path.unlink()
        path.mkdir()
    with pytest.raises(UsageError, match=r"duckdb can't be read \(IOException\)"):
        set_damaged_release_aside(place)
    assert path.exists()


# The refresh


# Where all is built again, and where nothing has changed and what was released would stand.
@pytest.mark.parametrize(
    ("damage", "changed"), [(cut, "*"), (replace_by_another_database, "")], ids=["cut", "other"]
)
def test_a_refresh_makes_a_damaged_release_again(
    damage, changed: str, project: Path, warehouse: Path
) -> None:
    assert run(project, warehouse).returncode == 0
    path = linked(warehouse)
    damage(path)
    done = run(project, warehouse, CHANGED=changed)
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        f"warning: the linked release {path} is damaged; it is now .damaged-{path.name}, and a new"
        " one is made",
        f"warning: guards have no release to compare with: {path} is missing",
    ]
    assert released(warehouse, "select count(*) from marts.fct_leads") == [(3,)]
    assert run(project, warehouse).stderr == ""


def test_a_link_to_a_file_of_somebodys_own_is_replaced(project: Path, warehouse: Path) -> None:
    assert run(project, warehouse).returncode == 0
    backup = warehouse / "backup.duckdb"
    shutil.copy(linked(warehouse), backup)
    before = backup.read_bytes()
    (warehouse / LINK_NAME).unlink()
    (warehouse / LINK_NAME).symlink_to(backup.name)
    done = run(project, warehouse, CHANGED="")
    assert done.returncode == 0
    assert_one_line(done.stderr, r"no release to compare with: .*backup.duckdb is no release of")
    assert linked(warehouse).parent.name == "releases"
    assert backup.read_bytes() == before


def test_damage_that_only_guards_meet_is_set_aside(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = linked(place)
    cut(path)
    job = _Job(RefreshOptions(), place, ROOT, 0, Console(), None, Run())
    job._guard(AS_OF)
    first, second = capsys.readouterr().err.splitlines()
    assert f"{path} is damaged" in first and "no release to compare with" in second


# Erasure


@pytest.mark.parametrize("damage", [*DAMAGES, rot])
def test_an_erasure_goes_on_and_deletes_what_is_damaged(
    damage, load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "warehouse"
    load({"leads.csv": "lead_id,created_at,email\n1,2026-01-01,zoe1@example.com\n"})
    path = damaged_release(place, damage)
    report = erase(place, [], ["zoe1@example.com"], ROOT / "seeds", [])
    assert report.leads == 1
    assert_one_line(capsys.readouterr().err, rf"the linked release {path} is damaged; .* deleted$")
    left = [p for p in place.rglob("*") if p.is_file() and b"zoe1@" in p.read_bytes()]
    assert not left and not (place / LINK_NAME).is_symlink()


def test_an_erasure_cuts_a_link_to_a_file_of_somebodys_own(
    load, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "warehouse"
    load({"leads.csv": "lead_id,created_at,email\n1,2026-01-01,zoe1@example.com\n"})
    path = damaged_release(place, lambda path: None)
    (place / LINK_NAME).unlink()
    (place / LINK_NAME).symlink_to("backup.duckdb")
    path.rename(place / "backup.duckdb")
    erase(place, [], ["zoe1@example.com"], ROOT / "seeds", [])
    assert_one_line(
        capsys.readouterr().err, r"led to .*backup.duckdb, which is no release .* yours"
    )
    assert (place / "backup.duckdb").exists() and not (place / LINK_NAME).is_symlink()


def damaged_release(place: Path, damage) -> Path:
    write_work(place, PEOPLE)
    with duckdb.connect(str(place / "work.duckdb")) as connection:
        connection.execute("drop schema raw cascade")
    path = release(place, AS_OF).path
    damage(path)
    (place / "work.duckdb").unlink()
    return path


# Readers


@pytest.mark.parametrize("damage", DAMAGES)
def test_readers_name_the_file_and_what_to_do(damage, place: Path) -> None:
    path = linked(place).resolve()
    damage(path)
    for read in (report_of, export_of):
        with pytest.raises(UsageError) as caught:
            read(place)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
        if damage is not replace_by_another_database:
            assert "delete it and run scripts/refresh.py" in str(caught.value)


def test_rot_that_is_met_half_way_is_named(place: Path) -> None:
    path = linked(place).resolve()
    rot(path)
    with pytest.raises(UsageError, match="is damaged .* delete it and run scripts/refresh.py"):
        export_of(place)
    assert not list(place.glob("exports/*"))


def test_a_release_that_is_missing_is_named(place: Path) -> None:
    linked(place).unlink()
    with pytest.raises(UsageError, match=r"the linked release .* is missing; run scripts/refresh"):
        report_of(place)


def report_of(place: Path) -> None:
    report_release(None, place, None, Console())


def export_of(place: Path) -> None:
    release = find_release(place, None)
    export_tables(release, place / "exports", "parquet", with_personal_data=True)
