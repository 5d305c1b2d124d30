"""Whether the seeds in the work file are those of the project, so that a refresh can leave them.

Loading some fifteen seeds and running their tests is a quarter of what dbt does in a refresh
without news. The refresh that loads them notes the hash of their files beside the fingerprint that
dbt gave them; as long as both stand, nothing has loaded anything else since. The files of all tests
count too: a test that is new or has changed is to run once on what stands already.
"""

from __future__ import annotations

import hashlib
from codecs import BOM_UTF8
from collections.abc import Iterable
from pathlib import Path

import duckdb

READ = """
    select files_hash = ? and policy_fingerprint is not distinct from (
        select max_by(policy_fingerprint, refresh_number) from ops.refreshes
    )
    from ops.loaded_seeds
"""
NOTE = """
    create or replace table ops.loaded_seeds as
    select ? as files_hash, policy_fingerprint
    from ops.refreshes
    where refresh_number = (select max(refresh_number) from ops.refreshes)
"""


def seed_files_hash(project: Path) -> str:
    """SHA-256 of all that decides what the seeds load, and of all tests, those of models too."""
    files = [*(project / "seeds").glob("*"), *(project / "tests").rglob("*.*ql")]
    files += [*(project / "tests").glob("*.yml"), project / "dbt_project.yml"]
    files += (project / "models").rglob("*.yml")
    return _hash_of(files, project)


def policy_hash(seeds: Path) -> str:
    """SHA-256 of the seeds' rows as they are written; dbt's own checksums change with line ends."""
    return _hash_of(seeds.rglob("*.csv"), seeds)


def _hash_of(files: Iterable[Path], root: Path) -> str:
    """A hash that neither line ends nor a byte order mark change."""
    digest = hashlib.sha256()
    for path in sorted(files):
        text = path.read_bytes().removeprefix(BOM_UTF8)
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        digest.update(f"{path.relative_to(root)} {len(text)}\n".encode())
        digest.update(text)
    return digest.hexdigest()


def are_seeds_loaded(work: Path, files_hash: str) -> bool:
    """True only if the work file says that it holds the seeds of these files, tested."""
    if not work.exists():
        return False
    try:
        with duckdb.connect(str(work), read_only=True) as connection:
            row = connection.execute(READ, [files_hash]).fetchone()
    except duckdb.Error:  # a work file of an older project, or one that dbt will complain about
        return False
    return bool(row and row[0])


def note_loaded_seeds(work: Path, files_hash: str) -> None:
    """Write down, after a build in which all seeds were loaded and tested, what they were."""
    with duckdb.connect(str(work)) as connection:
        connection.execute(NOTE, [files_hash])
