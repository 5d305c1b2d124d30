"""A warehouse that an older version of the project built goes on with this one.

Versions are commits of this repository; where a shallow clone or an archive lacks them, a warning
says so. `make test-faults` runs it, some minutes.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tarfile
import warnings
from pathlib import Path

import duckdb
import pytest
from harness import PROJECT, copy_project
from refreshing import _leave_out_tests, snapshot, snapshot_differences

from qualified_leads.lake.manifest import verify

# Of 29, 25 and 24 November 2026, the last of when there were no decisions yet.
OLDER = ("a12eca9", "d531c86", "39ac4d8")
BEFORE, NOW = "2026-06-30 00:00:00", "2026-07-01 00:00:00"
KEPT = ("raw", "forecasts.parquet", "suppressed.json")  # beside the work file, for a full build


def git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(PROJECT), *arguments], capture_output=True, check=False)


def check_out(commit: str, place: Path) -> Path:
    """The files of a commit; skips, with a warning, where the history does not go back to it."""
    if git("cat-file", "-e", f"{commit}^{{commit}}").returncode:
        is_shallow = git("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        why = "this clone is shallow" if is_shallow else "this copy has another history or none"
        told = f"no upgrade from {commit} was tried, as {why}: `git fetch --unshallow` brings it"
        warnings.warn(told, stacklevel=1)
        pytest.skip(told)
    archive = git("archive", commit)
    assert archive.returncode == 0, archive.stderr
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(place, filter="data")
    return place


def run(project: Path, script: str, *arguments: str) -> None:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DBT_", "FORCE_COLOR"))}
    done = subprocess.run(
        [sys.executable, f"scripts/{script}.py", *arguments],
        cwd=project,
        env=kept | {"WAREHOUSE": "warehouse"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def sample(project: Path, out: Path, seed: str) -> str:
    size = ("--leads", "60", "--activities", "600", "--seed", seed)
    run(project, "generate_sample", *size, "--out", str(out))
    return str(out)


@pytest.fixture(scope="module")
def current(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = copy_project(tmp_path_factory.mktemp("current") / "project")
    _leave_out_tests(project)
    return project


@pytest.mark.promise("A warehouse of an older version goes on with this one")
@pytest.mark.skipif(not os.environ.get("FAULTS"), reason="`make test-faults`; builds take minutes")
@pytest.mark.parametrize("commit", OLDER)
def test_an_older_warehouse_refreshed_is_one_built_in_full(
    commit: str, current: Path, tmp_path: Path
) -> None:
    older = check_out(commit, tmp_path / "older")
    run(older, "refresh", sample(older, tmp_path / "day0", "3"), "--as-of", BEFORE)
    warehouse, refreshed = current / "warehouse", tmp_path / "refreshed"
    shutil.rmtree(warehouse, ignore_errors=True)
    shutil.move(older / "warehouse", warehouse)

    # Samples of two seeds give the same keys to different rows, and few rows hold many bad ones.
    arguments = ("--as-of", NOW, "--accept", "conflicting_rows", "--accept", "rejected")
    run(current, "refresh", sample(current, tmp_path / "day1", "4"), *arguments)
    with duckdb.connect(str(warehouse / "work.duckdb"), read_only=True) as connection:
        query = "select count(*), count(format_version) from ops.runs where outcome = 'released'"
        runs = connection.execute(query).fetchall()
    assert runs[0][1] == 1  # that of today; those before had no format
    assert verify(warehouse / "raw")[:2] == ([], [])
    warehouse.rename(refreshed)

    warehouse.mkdir()
    for name in KEPT:
        if (refreshed / name).is_dir():
            shutil.copytree(refreshed / name, warehouse / name)
        elif (refreshed / name).exists():
            shutil.copy(refreshed / name, warehouse)
    run(current, "refresh", *arguments)
    link = "qualified_leads.duckdb"
    built, upgraded = (snapshot((place / link).resolve()) for place in (warehouse, refreshed))
    assert len(built) > 40 and len(built["marts.fct_leads"].rows) > 50
    assert snapshot_differences(built, upgraded) == []
