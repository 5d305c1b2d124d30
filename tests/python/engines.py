"""What tests of other engines share: dbt run on a copy of the project, and rows compared."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness import INHERITED

from qualified_leads.release.comparison import compare

SAID = re.compile(r"^(Processed: .*|Summary: .*|.*Done\. PASS.*|.*Full refresh: .*)$", re.MULTILINE)


def inherited() -> dict[str, str]:
    """This process's variables, without those that lead dbt to another project."""
    kept = {name: text for name, text in os.environ.items() if name not in INHERITED}
    return kept | {"WAREHOUSE": "warehouse", "DBT_USE_COLORS": "false"}


def run_engine(
    engine: str,
    command: Sequence[str | Path],
    project: Path,
    environment: Mapping[str, str],
    succeeds: bool = True,
) -> str:
    """Run dbt and print seconds and totals; what it said. Fails unless it ends as expected."""
    started = time.monotonic()
    done = subprocess.run(
        [str(part) for part in command],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
    )
    print(f"\n{engine} {command[1]}: {time.monotonic() - started:.1f} s")
    print("\n".join(SAID.findall(done.stdout)))
    assert (done.returncode == 0) == succeeds, (done.stdout + done.stderr)[-8000:]
    return done.stdout


def assert_same_rows(left: Path, right: Path) -> None:
    """Of all public tables of two DuckDB files."""
    found = compare(left, right)
    differing = [one.table for one in found.tables if one.is_different or one.columns]
    print(f"{len(found.tables)} tables compared, {len(differing)} differ")
    assert not differing
    assert not found.only_left and not found.only_right
    assert len(found.tables) >= 50
