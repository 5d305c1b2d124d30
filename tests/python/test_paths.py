"""Every command where the paths of project, warehouse and source hold what dbt-duckdb takes for a
part of a URL, DuckDB for a pattern and SQL for a quote."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from harness import INHERITED, copy_project

from qualified_leads.errors import UsageError
from qualified_leads.paths import check_warehouse, pattern
from team.sample.generate import generate

HOSTILE = """it's 100% "ü" #1 [1] *.{x};$y"""
AS_OF = "2026-07-01 00:00:00"


def run(
    project: Path, warehouse: Path, *command: str, status: int = 0
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in INHERITED}
    done = subprocess.run(
        [str(Path(sys.executable).with_name(command[0])), *command[1:]],
        cwd=project,
        env={**environment, "WAREHOUSE": str(warehouse)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


@pytest.mark.long
def test_every_command_takes_any_path(tmp_path: Path) -> None:
    """A directory of which the name matches, were it a pattern, lies beside each."""
    place, source = tmp_path / HOSTILE, tmp_path / "what? [2]*"
    project, warehouse = copy_project(place / "project"), place / "warehouse"
    generate(40, 400, 1, source)
    like = tmp_path / HOSTILE.replace("*", "anything")
    (like / "warehouse" / "raw" / "leads").mkdir(parents=True)
    (like / "warehouse" / "raw" / "leads" / "0.parquet").write_text("no Parquet")
    shutil.copytree(source, tmp_path / "what! [2]+")

    # Of few rows those that are bad are many.
    accept = ("--accept", "rejected")
    run(project, warehouse, "python", "scripts/load.py", str(source), *accept)
    landed = len([*(warehouse / "raw").glob("*/*.parquet")])
    run(project, warehouse, "python", "scripts/load.py", str(source))
    assert landed == len([*(warehouse / "raw").glob("*/*.parquet")]) > 10
    run(project, warehouse, "python", "scripts/refresh.py", str(source), "--as-of", AS_OF, *accept)
    variables = f'{{as_of: "{AS_OF}"}}'
    run(project, warehouse, "dbt", "run", "--select", "fct_leads", "--vars", variables)
    run(project, warehouse, "python", "scripts/erase.py", "--lead-id", "L00000001")
    run(project, warehouse, "python", "scripts/export.py", "tables")
    run(project, warehouse, "python", "scripts/export.py", "crm", "--system", "hubspot")
    run(project, warehouse, "python", "scripts/report.py")
    release = (warehouse / "qualified_leads.duckdb").resolve()
    with duckdb.connect(str(release), read_only=True) as connection:
        assert connection.execute("select count(*) > 30 from marts.fct_leads").fetchone() == (True,)
    assert (warehouse / "report.html").stat().st_size > 100_000


def test_a_pattern_names_its_path_alone(tmp_path: Path) -> None:
    for name in ("a*b", "a?b", "a[1]b", "a1b", "acb"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.csv").write_text(f"n\n{name}\n")
    for name in ("a*b", "a?b", "a[1]b"):
        found = duckdb.execute("from read_csv(?)", [pattern(tmp_path / name / "x.csv")])
        assert found.fetchall() == [(name,)]


def test_a_question_mark_in_the_warehouse_is_refused(tmp_path: Path) -> None:
    """DuckDB 2.0 puts the log of such a database elsewhere: once it no longer does, let it pass."""
    with pytest.raises(UsageError, match=r"directory with \? in its name: .*set WAREHOUSE"):
        check_warehouse(tmp_path / "why?" / "warehouse")
    (tmp_path / "why?").mkdir()
    with pytest.raises(duckdb.Error, match=r"why\.wal\?"):
        duckdb.connect(str(tmp_path / "why?" / "work.duckdb")).execute("create table t (a int)")
    refused = run(
        Path(__file__).resolve().parents[2],
        tmp_path / "why?",
        "python",
        "scripts/load.py",
        str(tmp_path),
        status=2,
    )
    assert refused.stderr.count("\n") == 1 and "set WAREHOUSE" in refused.stderr
