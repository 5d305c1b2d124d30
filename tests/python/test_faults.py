"""Refreshes that are killed or run out of disk at any point, while a reader looks on.

`make test` tries some points, `make test-faults` all of them and prints how many.
"""

from __future__ import annotations

import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from faults import Bench, Reader, contents, differences
from test_refresh import command, environment, project, released, run, wait_for_lock, warehouse
from test_release import write_work

from qualified_leads.lake.manifest import verify
from qualified_leads.load.land import load_directory
from qualified_leads.paths import import_path
from qualified_leads.release.publish import linked_release, release

__all__ = ["project", "warehouse"]  # fixtures

ROOT = Path(__file__).resolve().parents[2]
IS_WHOLE = bool(os.environ.get("FAULTS"))
READERS = "Readers always see one whole, tested release"
RERUN = "One plain rerun after any fault equals the undisturbed result"
COLLIDE = "Two refreshes never collide"
AS_OF = datetime(2026, 7, 1)


whole = pytest.mark.skipif(not IS_WHOLE, reason="`make test-faults`; builds take minutes")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


# Kills of the whole command at random moments


@whole
@pytest.mark.promise(READERS)
@pytest.mark.parametrize("whom", ["group", "dbt", "wrapper"])
def test_kills_at_random_moments_are_mended_by_one_rerun(
    whom: str, bench: Bench, tmp_path: Path, record_property
) -> None:
    moments = random.Random(whom)
    reader = Reader(bench.warehouse / "qualified_leads.duckdb", tmp_path / "stop")
    wrong, struck = [], 0
    while struck < 7:
        seconds = moments.uniform(0.3, bench.seconds)
        bench.restore()
        struck += bench.kill_after(seconds, whom)
        told = bench.rerun()
        wrong += [f"{whom} at {seconds:.1f} s: {told}"] if told else []
    read = reader.result()
    assert wrong == []
    assert read["problems"] == [], read
    assert read["reads"] >= 500
    assert len(read["seen"]) <= 2, read  # that before and that after the second export
    record_property("points", struck)


@whole
@pytest.mark.promise(RERUN)
def test_damaged_files_are_landed_anew(bench: Bench, record_property) -> None:
    """A file of the lake that is cut, empty or of nothing, and a work file that is."""
    faults = [b"", b"PAR1", b"PAR1" + b"x" * 100 + b"PAR1"]
    for content in faults:
        bench.restore()
        assert bench.run().returncode == 0
        lake = bench.warehouse / "raw"
        (new, *_) = sorted(set(lake.glob("leads/*.parquet")) - before_files(bench))
        new.write_bytes(content)
        alone = subprocess.run(
            bench.command("day1")[:2],
            cwd=bench.project,
            env=bench.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert alone.returncode == 2 and "is damaged" in alone.stderr
        assert bench.rerun() == []
    bench.restore()
    (bench.warehouse / "work.duckdb").write_bytes(b"no database" * 1000)
    assert bench.rerun() == []
    record_property("points", len(faults) + 1)


def before_files(bench: Bench) -> set[Path]:
    return {
        bench.warehouse / path.relative_to(bench.root / "before")
        for path in (bench.root / "before" / "raw").glob("leads/*.parquet")
    }


@whole
@pytest.mark.promise(RERUN)
def test_full_disk_is_mended_by_one_rerun_on_a_larger_one(bench: Bench, record_property) -> None:
    """By a limit on the size of files: no file can grow beyond so many MiB."""
    limits = (0.01, 0.3, 1, 3, 6, 9, 12, 16)
    failed = 0
    for mebibytes in limits:
        bench.restore()
        size = int(mebibytes * 2**20)
        done = bench.run(
            preexec_fn=lambda size=size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        )
        failed += done.returncode != 0
        assert bench.rerun() == [], mebibytes
    assert failed > 2
    record_property("points", failed)


@whole
@pytest.mark.promise(RERUN)
def test_small_file_system_is_mended_by_one_rerun_on_a_larger_one(
    bench: Bench, tmp_path: Path, record_property
) -> None:
    """A file system in memory as the warehouse, which has room for so much more than it holds."""
    place = bench.warehouse
    whole = tmp_path / "whole"
    shutil.copytree(place, whole, symlinks=True)
    points = 0
    for free in (1, 6, 15, 25, 40, 60):
        used = sum(p.stat().st_size for p in whole.rglob("*") if p.is_file()) >> 20
        mount = ["mount", "-t", "tmpfs", "-o", f"size={used + free}m", "tmpfs", str(place)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("file systems can't be mounted here")
        try:
            shutil.copytree(whole, place, symlinks=True, dirs_exist_ok=True)
            bench.restore()
            before = os.readlink(place / "qualified_leads.duckdb")
            done = bench.run()
            if done.returncode:
                assert os.readlink(place / "qualified_leads.duckdb") == before
            subprocess.run(["mount", "-o", "remount,size=2g", str(place)], check=True)
            assert bench.rerun() == [], free
            points += done.returncode != 0
        finally:
            subprocess.run(["umount", str(place)], check=True)
    record_property("points", points)


# Each step of a release and of a load, in a process that kills itself or whose disk fails

STEPS = """
import errno, os, signal, sys
from datetime import datetime
from pathlib import Path
import duckdb
from qualified_leads.release import publish as module
from qualified_leads.load.land import load_directory

fault, limit, what, place = sys.argv[1], int(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
steps = 0

def stepped(function):
    def call(*arguments, **options):
        global steps
        steps += 1
        if steps == limit:
            if fault == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.EIO if fault == "fsync" else errno.ENOSPC, "Input/output error")
        return function(*arguments, **options)
    return call

os.fsync = stepped(os.fsync)
if fault != "fsync":
    os.replace = stepped(os.replace)
    Path.chmod = stepped(Path.chmod)
    Path.mkdir = stepped(Path.mkdir)
    Path.symlink_to = stepped(Path.symlink_to)
    for name in ("_copy_table", "_copy_comments", "_verify", "prune"):
        setattr(module, name, stepped(getattr(module, name)))
if what == "release":
    module.release(place, datetime(2026, 7, 1))
else:
    load_directory(place.parent / "files", place, now=datetime(2026, 7, 1))
print(steps)
"""


def step(fault: str, limit: int, what: str, place: Path) -> tuple[int, int]:
    """Run with a fault at a step; returns exit status and, where it came through, the steps."""
    done = subprocess.run(
        [sys.executable, "-c", STEPS, fault, str(limit), what, str(place)],
        env=os.environ | {"PYTHONPATH": str(import_path())},
        capture_output=True,
        text=True,
        check=False,
    )
    # Nothing but the fault that was meant, else points would be counted that tried nothing.
    if done.returncode:
        is_meant = "Input/output error" in done.stderr
        assert done.returncode == -9 if fault == "kill" else is_meant, done.stderr[-500:]
    return done.returncode, int(done.stdout or 0)


FAULTS = ("kill", "full", "fsync")


@pytest.mark.promise(READERS)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_at_every_step_of_a_release(fault: str, tmp_path: Path, record_property) -> None:
    place = tmp_path / "warehouse"
    write_work(place, 10)
    release(place, AS_OF)
    link = place / "qualified_leads.duckdb"
    points, limit = 0, 1
    while True:
        write_work(place, 10 + limit)
        before = linked_release(place)
        status, _ = step(fault, limit, "release", place)
        query = "select count(*), min(build), max(build) from marts.fct_leads"
        with duckdb.connect(str(link.resolve()), read_only=True) as connection:
            rows, low, high = connection.execute(query).fetchone()
        assert rows == low == high, (fault, limit)
        # The old one or the new one; a fault after the swap leaves the new one.
        assert rows == 10 + limit or linked_release(place) == before
        if status == 0:
            break
        points += 1
        release(place, AS_OF)
        with duckdb.connect(str(link.resolve()), read_only=True) as connection:
            assert connection.execute(query).fetchone() == (10 + limit,) * 3
        assert not [p for p in place.rglob("*") if ".new-" in p.name]
        limit += 1 if IS_WHOLE or fault == "fsync" else 3
    assert points >= 2
    record_property("points", points)


def lake_of(place: Path) -> list[tuple]:
    """Rows by file, without the moment of landing, which the second of two loads pushes on."""
    rows = []
    with duckdb.connect() as connection:
        for path in sorted((place / "raw").glob("*/*.parquet")):
            query = f"select * exclude (_landed_at) from read_parquet('{path}') order by all"
            found = connection.execute(query).fetchall()
            rows.append((path.relative_to(place).as_posix(), found))
    return rows


@pytest.mark.promise(RERUN)
@pytest.mark.parametrize("fault", FAULTS)
def test_fault_at_every_step_of_a_load(fault: str, tmp_path: Path, record_property) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "leads.csv").write_text("lead_id,created_at\nL1,2026-01-01\nL2,soon\n")
    (files / "spend.csv").write_text("spend_id,spend_date,amount\nS1,2026-01-01,5\n")
    load_directory(files, tmp_path / "clean", now=AS_OF)
    expected = lake_of(tmp_path / "clean")
    points, limit = 0, 1
    while True:
        place = tmp_path / "warehouse"
        shutil.rmtree(place, ignore_errors=True)
        status, _ = step(fault, limit, "load", place)
        if status == 0:
            break
        points += 1
        load_directory(files, place, now=AS_OF)
        assert lake_of(place) == expected, (fault, limit)
        problems, unknown, rows = verify(place / "raw")
        assert (problems, unknown, rows) == ([], [], 3), (fault, limit)
        assert not list(place.glob("raw/*/.tmp-*"))
        limit += 1 if IS_WHOLE else 4
    assert points >= 2
    record_property("points", points)


# Collisions


@pytest.mark.promise(COLLIDE)
def test_of_three_at_once_one_runs(project: Path, warehouse: Path, record_property) -> None:
    """The first has work for hours, so that it is there when the others come, however late."""
    rounds = 10 if IS_WHOLE else 1
    for _ in range(rounds):
        three = [
            subprocess.Popen(
                command(project, "--as-of", "2026-07-01"),
                env=environment(warehouse, HARD_WORK=str(10**13)),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(3)
        ]
        try:
            first = the_one_that_runs(three)
            pattern = (
                rf"another refresh is running \(pid {first.pid}, since \d{{4}}-\d\d-\d\d .* UTC\)"
            )
            for process in three:
                if process is not first:
                    said = process.communicate()[1]
                    assert process.returncode == 75 and re.fullmatch(pattern, said.strip()), said
        finally:
            for process in three:
                process.kill()
                process.wait()
        wait_for_lock(warehouse)
        assert run(project, warehouse).returncode == 0
        assert released(warehouse, "select count(*) from marts.fct_leads") == [(3,)]
    record_property("points", rounds)


def the_one_that_runs(processes: list[subprocess.Popen[str]]) -> subprocess.Popen[str]:
    """The process that is left when the others have ended by themselves."""
    deadline = time.monotonic() + 120
    while len(running := [one for one in processes if one.poll() is None]) > 1:
        assert time.monotonic() < deadline, "two refreshes run at once"
        time.sleep(0.1)
    return running[0]


@whole
def test_contents_that_differ_are_seen(bench: Bench, tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    shutil.copyfile(bench.linked(), other)
    with duckdb.connect(str(other)) as connection:
        connection.execute("update marts.fct_spend set clicks = coalesce(clicks, 0) + 1")
    told = differences(contents(bench.linked()), contents(other))
    assert told and all(line.startswith("marts.fct_spend: ") for line in told)
