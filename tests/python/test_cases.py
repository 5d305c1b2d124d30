"""The worked cases: the reference and the built project against answers worked out by hand."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest
import reference
from harness import SHARED_CASES, build_case

REASON = "the folder of worked cases (../shared/cases) is not here"
CASES = sorted(path for path in SHARED_CASES.glob("*") if (path / "as_of.txt").is_file())
needs_cases = pytest.mark.skipif(not CASES, reason=REASON)
each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


@cache
def compare() -> ModuleType:
    """The cases' own compare.py."""
    spec = importlib.util.spec_from_file_location("compare", SHARED_CASES / "compare.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def as_of_of(case: Path) -> str:
    """The moment that a case calls now."""
    return (case / "as_of.txt").read_text(encoding="utf-8").splitlines()[0].strip()


@needs_cases
@each_case
def test_reference_agrees_with_the_case(case: Path, capsys: pytest.CaptureFixture[str]) -> None:
    as_of = reference.timestamp(as_of_of(case))
    assert as_of is not None
    tables = reference.compute(
        reference.read_directory(case / "raw"), reference.read_directory(case / "seeds"), as_of
    )
    complete = (case / "expected" / "_complete.txt").read_text().split()
    is_any_bad, compared = False, 0
    for table, (_, _, kinds) in compare().TABLES.items():
        path = case / "expected" / f"{table}.csv"
        if path.exists():
            columns, expected = compare().read_expected(path, kinds)
            got = [
                {name: compare().canonical(kinds[name], row.get(name)) for name in columns}
                for row in tables[table]
            ]
            found = compare().diff(table, columns, expected, got, table not in complete)
            is_any_bad = compare().report(table, found) or is_any_bad
            compared += 1
    assert compared and not is_any_bad, capsys.readouterr().out


@needs_cases
@each_case
def test_project_agrees_with_the_case(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = build_case(tmp_path, case / "raw", case / "seeds", as_of_of(case), with_tests=False)
    status = compare().main([str(case / "expected"), str(database)])
    assert status == 0, capsys.readouterr().out
