"""A refresh leaves the seeds alone only while those in the work file are the project's."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from qualified_leads.policy_state import (
    are_seeds_loaded,
    note_loaded_seeds,
    policy_hash,
    seed_files_hash,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("seeds/rules.csv", "tests/assert_policy.sql", "dbt_project.yml"):
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("a\n1\n")
    return tmp_path / "project"


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A work file after one run with the policy `first`."""
    path = tmp_path / "work.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema ops")
        connection.execute(
            "create table ops.refreshes as "
            "select 1 as refresh_number, 'first' as policy_fingerprint"
        )
    return path


def run_dbt_with(work: Path, policy: str) -> None:
    """What a run of dbt leaves: its number and the fingerprint of the seeds that are loaded."""
    with duckdb.connect(str(work)) as connection:
        connection.execute(
            "insert into ops.refreshes select max(refresh_number) + 1, ? from ops.refreshes",
            [policy],
        )


def test_nothing_is_known_before_the_first_refresh(work: Path, project: Path) -> None:
    files_hash = seed_files_hash(project)
    assert not are_seeds_loaded(work, files_hash)
    assert not are_seeds_loaded(work.with_name("absent.duckdb"), files_hash)


def test_seeds_stay_loaded_over_runs_without_them(work: Path, project: Path) -> None:
    note_loaded_seeds(work, seed_files_hash(project))
    run_dbt_with(work, "first")
    assert are_seeds_loaded(work, seed_files_hash(project))


@pytest.mark.parametrize("name", ["seeds/rules.csv", "tests/assert_policy.sql", "dbt_project.yml"])
def test_a_changed_file_is_noticed(work: Path, project: Path, name: str) -> None:
    note_loaded_seeds(work, seed_files_hash(project))
    (project / name).write_text("a\n2\n")
    assert not are_seeds_loaded(work, seed_files_hash(project))


@pytest.mark.parametrize("text", ["a\r\n1\r\n", "a\r1\r", "a\n1\r\n", "\ufeffa\n1\n"])
def test_line_ends_and_a_mark_change_nothing(project: Path, text: str) -> None:
    def hashes() -> tuple[str, str]:
        return seed_files_hash(project), policy_hash(project / "seeds")

    before = hashes()
    (project / "seeds" / "rules.csv").write_text(text, newline="")
    assert hashes() == before
    (project / "seeds" / "rules.csv").write_text(text.replace("1", "2"), newline="")
    assert not set(hashes()) & set(before)


def test_a_new_seed_is_noticed(work: Path, project: Path) -> None:
    note_loaded_seeds(work, seed_files_hash(project))
    (project / "seeds" / "goals.csv").write_text("a\n1\n")
    assert not are_seeds_loaded(work, seed_files_hash(project))


def test_seeds_that_a_plain_dbt_loaded_in_between_are_noticed(work: Path, project: Path) -> None:
    """The files were changed, loaded by `dbt build` and changed back: the work file has others."""
    note_loaded_seeds(work, seed_files_hash(project))
    run_dbt_with(work, "tried")
    assert not are_seeds_loaded(work, seed_files_hash(project))
