"""The same input gives the same release, whatever the threads and the time zone of the host.

Doubles agree to 1e-9: threads add them up in another order, which moves the last bits.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from faults import AS_OF, contents, differences
from harness import copy_project
from refreshing import _leave_out_tests

pytestmark = pytest.mark.promise("Same input, same output")
# Threads of dbt and of DuckDB, and the time zone of the host; the first twice.
RUNS = [(1, 1, "UTC"), (1, 1, "UTC"), (8, 8, "Asia/Kolkata"), (8, 1, "America/St_Johns")]
RUNS += [(1, 8, "Pacific/Auckland"), (8, 8, "UTC"), (8, 8, "UTC")]
SHORT = [RUNS[0], RUNS[2]]


@pytest.mark.long
def test_release_is_the_same_for_all_threads_and_time_zones(
    tmp_path: Path, record_property
) -> None:
    project = copy_project(tmp_path / "project")
    _leave_out_tests(project)
    size = ["--leads", "150", "--activities", "2500", "--seed", "5"]
    # Of few rows those that are bad are many.
    options = ["--as-of", AS_OF, "--accept", "rejected"]
    script = str(project / "scripts" / "generate_sample.py")
    subprocess.run([sys.executable, script, *size, "--out", str(tmp_path / "raw")], check=True)
    runs = RUNS if os.environ.get("FAULTS") else SHORT
    releases = []
    for number, (dbt_threads, threads, zone) in enumerate(runs):
        path = project / "profiles.yml"
        profile = yaml.safe_load(path.read_text())
        local = profile["qualified_leads"]["outputs"]["local"]
        local["threads"] = dbt_threads
        local["settings"]["threads"] = threads
        path.write_text(yaml.safe_dump(profile, sort_keys=False))
        warehouse = tmp_path / f"warehouse{number}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DBT_")}
        done = subprocess.run(
            [sys.executable, "scripts/refresh.py", str(tmp_path / "raw"), *options],
            cwd=project,
            env=kept | {"WAREHOUSE": str(warehouse), "TZ": zone},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
        releases.append(contents((warehouse / "qualified_leads.duckdb").resolve()))
    for run, found in zip(runs[1:], releases[1:], strict=True):
        assert differences(releases[0], found) == [], run
    record_property("points", len(runs))
