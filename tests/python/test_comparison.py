"""Two warehouses are compared row for row: what counts as the same, and what is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from qualified_leads.errors import UsageError
from qualified_leads.paths import project_root
from qualified_leads.release.comparison import compare


def make(path: Path, *statements: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        for statement in ("create schema marts", "create schema reports", *statements):
            connection.execute(statement)
    return path


def rows(values: str) -> str:
    return f"create table marts.fct_a as from (values {values}) as t (name, points)"


@pytest.mark.parametrize(
    "left, right, only",
    [
        ("('a', 1e0), ('b', null)", "('b', null), ('a', 1e0)", (0, 0)),
        ("('a', 1e0), ('a', 1e0)", "('a', 1e0)", (1, 0)),
        ("('a', 1e0)", "('a', 1.0000000001e0)", (0, 0)),
        ("('a', 1e0)", "('a', 1.00000001e0)", (1, 1)),
        ("('a', 0e0)", "('a', null)", (1, 1)),
        ("('a', 1e9), ('b', 2e0)", "('a', 1000000000.1e0), ('c', 2e0)", (1, 1)),
    ],
    ids=["in_another_order", "repeated", "last_digit", "ninth_digit", "null_is_no_zero", "two"],
)
def test_rows_that_one_side_alone_has_are_counted(
    left: str, right: str, only: tuple[int, int], tmp_path: Path
) -> None:
    found = compare(make(tmp_path / "l", rows(left)), make(tmp_path / "r", rows(right)))
    (table,) = found.tables
    assert (table.only_left, table.only_right) == only
    assert found.is_different is (only != (0, 0))


def test_tables_and_columns_of_one_side_are_named_and_no_difference(tmp_path: Path) -> None:
    left = make(tmp_path / "l", "create view marts.fct_a as select 1 as a, 2 as b")
    right = make(
        tmp_path / "r",
        "create table marts.fct_a as select 1 as a, 3 as c",
        "create table reports.rpt_b as select 1 as a",
        "create table main.rest as select 1 as a",
    )
    found = compare(left, right)
    assert not found.is_different
    assert found.only_right == (("reports", "rpt_b"),)
    assert found.tables[0].columns == ("b", "c")


def test_the_command_says_which_table_differs(tmp_path: Path) -> None:
    left, right = make(tmp_path / "l", rows("('a', 1)")), make(tmp_path / "r", rows("('a', 2)"))
    command = [sys.executable, "scripts/compare_warehouses.py", str(left), str(right)]
    done = subprocess.run(command, cwd=project_root(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines()[0] == "marts.fct_a: 1 rows only left, 1 only right"
    with pytest.raises(UsageError):
        compare(left, tmp_path / "nothing")
