"""Code that is older than what has run on a warehouse leaves it alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from test_refresh import (
    assert_one_line,
    environment,
    project,
    run,
    warehouse,
)

from qualified_leads import version
from qualified_leads.erase.forget import erase
from qualified_leads.errors import UsageError
from qualified_leads.paths import project_root

__all__ = ["project", "warehouse"]  # fixtures


def project_of(project: Path, place: Path, number: str) -> Path:
    """The project as a version of it."""
    shutil.copytree(project, place, ignore=shutil.ignore_patterns("target", "logs"))
    settings = place / "dbt_project.yml"
    settings.write_text(f"version: {number}\n{settings.read_text()}")
    return place


def contents(warehouse: Path) -> dict[Path, bytes]:
    files = (path for path in warehouse.rglob("*") if path.is_file() and path.name != ".lock")
    return {path: path.read_bytes() for path in files}


def test_a_refresh_of_an_older_version_is_refused(
    project: Path, warehouse: Path, tmp_path: Path
) -> None:
    older = project_of(project, tmp_path / "older", "1.9.0")
    newer = project_of(project, tmp_path / "newer", "1.10.0")
    for one in (older, newer, newer):
        assert run(one, warehouse).returncode == 0
    before = contents(warehouse)
    refused = run(older, warehouse)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert_one_line(
        refused.stderr,
        r"written by version 1\.10\.0 of the project \(format 1\), and this is version 1\.9\.0 "
        r"\(format 1\): use that version or a later one, or another WAREHOUSE; nothing changed",
    )
    assert {p: c for p, c in contents(warehouse).items() if p in before} == before
    # An erasure leaves of the work file what says so.
    (warehouse / "qualified_leads.duckdb").unlink()
    erase(warehouse, ["nobody"], [], project_root() / "seeds", [])
    assert run(older, warehouse).returncode == 2


@pytest.mark.parametrize("script", ["load.py", "erase.py", "verify.py"])
def test_other_commands_are_refused_as_well(
    script: str, project: Path, warehouse: Path, load, tmp_path: Path
) -> None:
    load({"leads.csv": "lead_id,created_at\n1,2026-01-01\n"})
    newer = project_of(project, tmp_path / "newer", "99.0")
    assert run(newer, warehouse).returncode == 0
    arguments = {"load.py": [str(tmp_path / "source")], "erase.py": ["--lead-id", "1"]}
    before = contents(warehouse)
    done = subprocess.run(
        [sys.executable, str(project_root() / "scripts" / script), *arguments.get(script, [])],
        env=environment(warehouse),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert_one_line(done.stderr, r"version 99\.0 of the project .* this is version \d+\.\d+\.\d+ ")
    assert contents(warehouse) == before


def test_a_newer_format_is_refused_whatever_the_version(tmp_path: Path) -> None:
    work = tmp_path / "work.duckdb"
    ours = version.project_version(project_root())
    with duckdb.connect(str(work)) as connection:
        connection.execute(
            f"create schema ops; create table ops.runs as select 1 as run_number,"
            f" '{ours}' as project_version, {version.FORMAT_VERSION} as format_version"
        )
    version.check_version(work, project_root())
    with duckdb.connect(str(work)) as connection:
        connection.execute("update ops.runs set format_version = format_version + 1")
    with pytest.raises(UsageError, match=r"\(format 2\).*\(format 1\)"):
        version.check_version(work, project_root())


def test_what_says_nothing_of_versions_is_taken(project: Path, warehouse: Path) -> None:
    """A work file of before there was such an account, one that is damaged, and none."""
    version.check_version(warehouse / "work.duckdb", project)
    assert run(project, warehouse).returncode == 0
    with duckdb.connect(str(warehouse / "work.duckdb")) as connection:
        connection.execute("alter table ops.runs drop column project_version")
        connection.execute("alter table ops.runs drop column format_version")
    assert run(project, warehouse).returncode == 0
    with duckdb.connect(str(warehouse / "work.duckdb"), read_only=True) as connection:
        query = "select project_version, format_version from ops.runs order by run_number"
        assert connection.execute(query).fetchall() == [(None, None), ("0", 1)]
    os.truncate(warehouse / "work.duckdb", 5000)
    assert run(project, warehouse).returncode == 0
