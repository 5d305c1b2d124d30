"""What changes a fingerprint: each thing that decides the numbers, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from qualified_leads.errors import UsageError
from qualified_leads.refresh import fingerprints
from qualified_leads.refresh.fingerprints import code_hash, policy_hash, project_variables

MODEL = """
models:
  - name: fct_leads
    description: One row per lead.
    config: { materialized: table, meta: { owner: us } }
    columns:
      - name: lead_id
        data_type: string
        description: Its key.
        data_tests: [unique]
"""
FILES = {
    "dbt_project.yml": "name: p\nvars: { as_of: null, maturity_days: 90 }\n",
    "models/fct_leads.sql": "select 1 as lead_id\n",
    "models/fct_leads.yml": MODEL,
    "macros/one.sql": "{% macro one() %}1{% endmacro %}\n",
    "seeds/rules.csv": "a\n1\n",
    "seeds/_seeds.yml": "seeds: [{ name: rules, config: { column_types: { a: integer } } }]\n",
    "tests/assert_all.sql": "select 1\n",
    "tests/_tests.yml": "data_tests: [{ name: assert_all }]\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def hashes(project: Path) -> dict[str, str]:
    return {
        "code": code_hash(project),
        "policy": policy_hash(project),
        "tests": fingerprints.tests_hash(project),
    }


@pytest.mark.parametrize(
    ("name", "old", "new", "changed"),
    [
        ("models/fct_leads.sql", "1", "2", "code"),
        ("macros/one.sql", "1", "2", "code"),
        ("dbt_project.yml", "90", "91", "code"),
        ("models/fct_leads.yml", "materialized: table", "materialized: view", "code tests"),
        ("models/fct_leads.yml", "data_type: string", "data_type: bigint", "code tests"),
        ("models/fct_leads.yml", "Its key.", "The key.", "tests"),
        ("models/fct_leads.yml", "[unique]", "[not_null]", "tests"),
        ("models/fct_leads.yml", "owner: us", "owner: them", "tests"),
        ("seeds/rules.csv", "1", "2", "policy"),
        ("seeds/_seeds.yml", "integer", "double", "code tests"),
        ("tests/assert_all.sql", "1", "2", "tests"),
        ("tests/_tests.yml", "assert_all", "assert_none", "tests"),
    ],
)
def test_a_change_is_noticed_where_it_counts(
    project: Path, name: str, old: str, new: str, changed: str
) -> None:
    before = hashes(project)
    text = (project / name).read_text()
    assert old in text
    (project / name).write_text(text.replace(old, new))
    now = hashes(project)
    assert {kind for kind in now if now[kind] != before[kind]} == set(changed.split())


def test_new_files_are_noticed(project: Path) -> None:
    before = hashes(project)
    for name in ("seeds/goals.csv", "models/deep/dim.sql", "tests/generic/is_key.sql"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("select 1")
    now = hashes(project)
    assert all(now[kind] != before[kind] for kind in now)


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_line_ends_and_a_mark_change_nothing(project: Path, end: str) -> None:
    before = hashes(project)
    for name in FILES:
        text = (project / name).read_text().replace("\n", end)
        (project / name).write_text("\ufeff" + text, newline="", encoding="utf-8")
    assert hashes(project) == before


def test_variables_and_versions_are_code(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_hash(project)
    assert code_hash(project, {"maturity_days": "90"}) == before
    assert code_hash(project, {"maturity_days": 91}) != before
    monkeypatch.setattr(fingerprints, "version", lambda package: "9")
    assert code_hash(project) != before


def test_dbt_is_asked_for_the_variables_of_the_project() -> None:
    """Else a plain dbt build would take a refresh before it for one of another code."""
    root = Path(__file__).resolve().parents[2]
    macro = (root / "macros" / "code_variables.sql").read_text()
    names = yaml.safe_load(macro.partition("set names = ")[2].partition("]")[0] + "]")
    assert set(names) == project_variables(root).keys()


def test_a_file_that_is_no_yaml_is_told_in_one_line(project: Path) -> None:
    (project / "models" / "fct_leads.yml").write_text("models: [\n")
    with pytest.raises(UsageError, match=r"fct_leads\.yml is not valid YAML, line \d$"):
        code_hash(project)
