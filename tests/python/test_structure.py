"""Figures of the structure, counted on a manifest small enough to count by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from qualified_leads.errors import UsageError
from qualified_leads.paths import project_root
from team.structure import LIMITS, count_tags, figures, measure


def model(name: str, code: str, *parents: str, folder: str = "intermediate") -> dict[str, Any]:
    return {
        "name": name,
        "resource_type": "model",
        "raw_code": code,
        "original_file_path": f"models/{folder}/{name}.sql",
        "access": "protected" if folder.startswith("intermediate") else "public",
        "depends_on": {"nodes": list(parents)},
    }


def macro(name: str, sql: str, path: str | None = None) -> dict[str, Any]:
    place = path or f"macros/{name}.sql"
    return {
        "name": name,
        "macro_sql": sql,
        "package_name": "qualified_leads",
        "original_file_path": place,
    }


MANIFEST = {
    "nodes": {
        "a": model("int_a", "select 1", "seed.x"),
        "b": model("fct_b", "select *\nfrom {{ ref('int_a') }}", "a", folder="marts"),
        "c": model("fct_c", "select {{ two() }}\n" * 101, "a", folder="marts"),
        "d": model("rpt_d", "{% if x %}{# {{ y }} #}\n", "b", "c", folder="reports"),
        "e": model("rpt_e", "select 1", "c", "f", "g", folder="reports/goals"),
        "f": model("int_f", "select 1", folder="intermediate/goals"),
        "g": model("int_g", "select 1", folder="intermediate/fit"),
        "v": model("fct_v", "select 1", "w", folder="marts") | {"config": {"materialized": "view"}},
        "w": model("fct_w", "select 1", folder="marts"),
        "s": {"resource_type": "seed", "name": "x"},
    },
    "macros": {
        "1": macro("two", "2"),
        "2": macro("duckdb__three", "3", "macros/three.sql"),
        "3": macro("spark__three", "{{ ref('int_a') }}", "macros/three.sql"),
        "4": macro("test_is_true", "{{ ref('x') }}", "tests/generic/is_true.sql"),
        "5": macro("seed", "{{ ref('x') }}", "macros/materializations/seed.sql"),
        "6": macro("four", "{# ref('x') #}") | {"package_name": "dbt"},
    },
}


def test_figures_are_those_counted_by_hand() -> None:
    assert figures(MANIFEST) == {
        "models": 9,
        "longest chain": 3,
        "median depth": 2,
        "median lines": 1,
        "models over 100 lines": 1,
        "macros": 2,
        "macros with ref, source or run_query": 1,
        "Jinja tags per 100 lines": round(100 * 102 / 110, 1),
        "public marts with one reader": 1,
        "reads beyond the own subject": 1,
    }


def test_every_limit_has_a_figure_and_every_figure_a_limit() -> None:
    assert figures(MANIFEST).keys() == LIMITS.keys()
    assert figures({"nodes": {}, "macros": {}}).keys() == LIMITS.keys()


@pytest.mark.parametrize(
    "code, tags",
    [
        ("select * from {{ ref('int_a') }}", 0),
        ('select * from {{- source("raw", "leads") -}}', 0),
        ("{% for a in b %}{{ a }}{% endfor %}", 3),
        ("{# {{ a }} #}", 0),
        ("{{ ref('int_' ~ name) }} {{ field(ref('x')) }}", 1),
    ],
)
def test_tags_that_only_name_what_is_read_do_not_count(code: str, tags: int) -> None:
    assert count_tags(code) == tags


def test_a_figure_past_its_limit_ends_the_command(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(MANIFEST), encoding="utf-8")
    command = [sys.executable, "scripts/structure.py", str(path)]
    done = subprocess.run(command, cwd=project_root(), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "models over 100 lines  past its limit" in done.stdout
    with pytest.raises(UsageError):
        measure(tmp_path / "nothing.json")
