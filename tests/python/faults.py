"""A project whose refreshes are killed, and a reader that looks at its release all the while."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from harness import assert_no_defect, copy_project
from refreshing import Relation, Snapshot, _leave_out_tests, snapshot, snapshot_differences

AS_OF = "2026-07-01 00:00:00"
# When the loader saw a row is all that may differ between a disturbed run and a clean one.
CLOCKS = ("loaded_at",)


def contents(database: Path) -> Snapshot:
    """Every table of a release, without the loader's clock."""
    relations = {}
    for name, whole in snapshot(database).items():
        kept = [n for n, (column, _) in enumerate(whole.columns) if column not in CLOCKS]
        rows = [tuple(row[n] for n in kept) for row in whole.rows]
        relations[name] = Relation(tuple(whole.columns[n] for n in kept), rows)
    return relations


def differences(expected: Snapshot, got: Snapshot) -> list[str]:
    """What is not the same; of doubles the last bits may differ, by the order of a sum."""
    return snapshot_differences(expected, got)


class Bench:
    """A project without its dbt tests, on two exports: one released, and one to refresh with."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.project = copy_project(root / "project")
        self.warehouse = self.project / "warehouse"
        self.warehouse.mkdir(exist_ok=True)
        _leave_out_tests(self.project)
        for day, seed in (("day0", "3"), ("day1", "4")):
            self._generate(day, seed)
        assert self.run("day0").returncode == 0
        shutil.copytree(self.warehouse, root / "before", symlinks=True)
        begun = time.monotonic()
        done = self.run("day1")
        assert done.returncode == 0, done.stderr
        self.seconds = time.monotonic() - begun
        self.expected = contents(self.linked())
        self.restore()

    def _generate(self, day: str, seed: str) -> None:
        size = ["--leads", "60", "--activities", "600", "--seed", seed]
        script = str(self.project / "scripts" / "generate_sample.py")
        command = [sys.executable, script, *size, "--out", str(self.root / day)]
        subprocess.run(command, check=True, capture_output=True)

    def linked(self) -> Path:
        return (self.warehouse / "qualified_leads.duckdb").resolve()

    def command(self, day: str) -> list[str]:
        # Of so few rows one that can't be read is more than a twentieth; both exports are made up
        # by themselves, and give the same keys to other rows.
        accepted = ["--accept", "rejected", "--accept", "conflicting_rows"]
        place = str(self.root / day)
        return [sys.executable, "scripts/refresh.py", place, "--as-of", AS_OF, *accepted]

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("DBT_", "FORCE_COLOR"))}
        # The default, said: no run then parses the project again for another text of it.
        return kept | {"WAREHOUSE": "warehouse"}

    def run(self, day: str = "day1", **options: Any) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(day),
            cwd=self.project,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            **options,
        )
        assert_no_defect(done.stderr)
        return done

    def start(self, day: str = "day1") -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command(day),
            cwd=self.project,
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def restore(self) -> None:
        """Lake and work file as they were before the second export; what readers see stays."""
        work = self.warehouse / "work.duckdb"
        work.with_name("work.duckdb.wal").unlink(missing_ok=True)
        shutil.copyfile(self.root / "before" / "work.duckdb", work)
        shutil.rmtree(self.warehouse / "raw")
        shutil.copytree(self.root / "before" / "raw", self.warehouse / "raw")

    def kill_after(self, seconds: float, whom: str) -> bool:
        """Start a refresh and kill the whole group, dbt alone, or the wrapper alone.

        False where there was nothing to kill at that moment.
        """
        process = self.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end and process.poll() is None:
            time.sleep(0.02)
        struck = process.poll() is None
        if whom == "dbt":
            found = children(process.pid)
            struck = bool(found)
            for child in found:
                os.kill(child, signal.SIGKILL)
            process.wait(60)
        elif whom == "wrapper":
            process.kill()
            process.wait(60)
        else:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)
        return struck

    def rerun(self) -> list[str]:
        """One plain rerun, and what differs after it from a clean run."""
        for _ in range(100):  # the dbt of a killed wrapper takes a moment to notice
            done = self.run()
            if done.returncode != 75:
                break
            time.sleep(0.2)
        assert done.returncode == 0, done.stderr
        return differences(self.expected, contents(self.linked()))


def children(pid: int) -> list[int]:
    """Pids of the children of a process."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    return [int(one) for one in text.split()]


READER = '''
import json, sys, time, duckdb
link, stop = sys.argv[1], sys.argv[2]
import os
query = """
    select
        (select count(*) from marts.fct_leads),
        (select sum(leads) from reports.rpt_lead_funnel where basis = 'cohort'),
        (select count(*) from marts.dim_leads),
        (select sum(reporting_amount) from marts.fct_spend),
        (select sum(spend) from reports.rpt_source_costs where basis = 'period')
"""
reads, problems, seen = 0, [], set()
while not os.path.exists(stop):
    try:
        with duckdb.connect(link, read_only=True) as connection:
            a, b, c, d, e = connection.execute(query).fetchone()
        seen.add(str((a, d)))
        if not (a == b == c and d == e):
            problems.append(f"mixed: {a} {b} {c} {d} {e}")
    except Exception as error:
        problems.append(f"{type(error).__name__}: {error}")
    reads += 1
    time.sleep(0.02)
print(json.dumps({"reads": reads, "problems": problems[:5], "seen": sorted(seen)}))
'''


class Reader:
    """Another process that opens the link again and again and compares sums across tables."""

    def __init__(self, link: Path, stop: Path) -> None:
        self._stop = stop
        self._process = subprocess.Popen(
            [sys.executable, "-c", READER, str(link), str(stop)],
            stdout=subprocess.PIPE,
            text=True,
        )

    def result(self) -> dict[str, Any]:
        """Reads made, problems met (the first five) and the distinct releases seen."""
        self._stop.touch()
        output, _ = self._process.communicate(timeout=60)
        return json.loads(output)
