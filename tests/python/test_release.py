"""A release is whole, tested and swapped in one step, or nothing has changed."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from qualified_leads.release import publish as module
from qualified_leads.release.publish import Release, ReleaseError, linked_release, prune, release

AS_OF = datetime(2026, 7, 1)


def write_work(warehouse: Path, lead_count: int = 10) -> None:
    """A work file with a table of each public schema; every value of fct_leads is `lead_count`."""
    warehouse.mkdir(exist_ok=True)
    (warehouse / "work.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(warehouse / "work.duckdb")) as connection:
        for schema in ("raw", "marts", "reports"):
            connection.execute(f"create schema {schema}")
        connection.execute(
            f"""
            create table raw.leads as select 'x' as email;
            create table marts.dim_leads as
            select
                cast(i as varchar) as lead_id, 'zoe' || i || '@example.com' as email,
                'Zoe' as first_name, 'Quux' || i as last_name
            from range({lead_count}) t(i);
            create table marts.fct_leads (lead_id bigint primary key, build integer);
            insert into marts.fct_leads select i, {lead_count} from range({lead_count}) t(i);
            comment on table marts.fct_leads is 'One row per lead''s survivor.';
            comment on column marts.fct_leads.build is 'Which build.';
            create table reports.rpt_lead_funnel as select 'cohort' as basis, {lead_count} as build;
            """
        )


def read(warehouse: Path, query: str) -> list[tuple[object, ...]]:
    """Query through the link; by its target, as an engine shares a path opened twice."""
    target = str((warehouse / "qualified_leads.duckdb").resolve())
    with duckdb.connect(target, read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    write_work(tmp_path / "warehouse")
    return tmp_path / "warehouse"


def contents(warehouse: Path) -> dict[str, str]:
    """Every path in the warehouse but the work file, with where links lead."""
    return {
        str(path.relative_to(warehouse)): os.readlink(path) if path.is_symlink() else "file"
        for path in warehouse.rglob("*")
        if not path.is_dir() and path.name != "work.duckdb"
    }


def test_release_holds_the_public_schemas_alone(warehouse: Path) -> None:
    made = release(warehouse, AS_OF)
    tables = "select schema_name, table_name from duckdb_tables() order by all"
    assert read(warehouse, tables) == sorted(made.row_counts)
    assert {schema for schema, _ in made.row_counts} == {"marts", "reports"}
    assert made.row_counts["marts", "fct_leads"] == 10
    assert read(warehouse, "select count(*) from marts.fct_leads") == [(10,)]


def test_release_keeps_comments(warehouse: Path) -> None:
    release(warehouse, AS_OF)
    query = "select comment from duckdb_tables() where table_name = 'fct_leads'"
    assert read(warehouse, query) == [("One row per lead's survivor.",)]
    query = (
        "select comment from duckdb_columns() where column_name = 'build' and comment is not null"
    )
    assert read(warehouse, query) == [("Which build.",)]


def test_a_view_of_public_tables_stays_one(warehouse: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(warehouse / "work.duckdb")) as connection:
        connection.execute(
            """
            create view "work"."marts"."fct_large" as
            (with leads as (select * from "work"."marts"."fct_leads") select lead_id from leads);
            create view reports.rpt_raw as (select email as raw_text from raw.leads);
            create view reports.rpt_named as (select lead_id from marts.dim_leads);
            create view marts.fct_above as (select * from marts.fct_large);
            comment on view marts.fct_large is 'One row per lead.';
            """
        )
    made = release(warehouse, AS_OF, without_personal_data=True)
    assert ("marts", "fct_large") not in made.row_counts
    views = "select view_name, comment from duckdb_views() where not internal"
    assert read(warehouse, views) == [("fct_large", "One row per lead.")]
    # Under whatever name it is attached.
    shutil.copy(made.path, tmp_path / "other.duckdb")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{tmp_path / 'other.duckdb'}' as other (read_only)")
        assert connection.execute("select count(*) from other.marts.fct_large").fetchone() == (10,)
        assert connection.execute("select count(*) from other.marts.fct_above").fetchone() == (10,)
        assert connection.execute("select * from other.reports.rpt_raw").fetchall() == [("x",)]


def test_link_is_relative_and_files_are_private(warehouse: Path, tmp_path: Path) -> None:
    made = release(warehouse, AS_OF)
    assert os.readlink(warehouse / "qualified_leads.duckdb") == f"releases/{made.path.name}"
    assert made.path.name.startswith("20260701T000000-")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.path.parent.stat().st_mode) == 0o700
    moved = warehouse.rename(tmp_path / "elsewhere")
    assert read(moved, "select count(*) from marts.fct_leads") == [(10,)]


def test_release_is_in_a_format_that_older_engines_open(warehouse: Path) -> None:
    made = release(warehouse, AS_OF)
    assert int.from_bytes(made.path.read_bytes()[12:20], "little") == 64  # DuckDB 1.0's


def test_without_personal_data_no_e_mail_is_in_the_file(warehouse: Path) -> None:
    with_data = release(warehouse, AS_OF)
    assert b"zoe" in with_data.path.read_bytes()
    without = release(warehouse, AS_OF, without_personal_data=True)
    assert b"zoe" not in without.path.read_bytes()
    assert ("marts", "dim_leads") not in without.row_counts


def test_without_personal_data_refuses_it_elsewhere(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse / "work.duckdb")) as connection:
        connection.execute("alter table reports.rpt_lead_funnel add column email varchar")
    with pytest.raises(ReleaseError, match=r"reports\.rpt_lead_funnel\.email"):
        release(warehouse, AS_OF, without_personal_data=True)
    release(warehouse, AS_OF)


def test_without_personal_data_ids_that_name_somebody_get_pseudonyms(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse / "work.duckdb")) as connection:
        connection.execute(
            """
            create table marts.fct_dispositions as
            select
                unnest(['1', 'zoe-quux', 'sam@nest.example', '1']) as lead_id,
                unnest(['Rita Rep', 'rita@rep.example', 'R7', 'zoe 1']) as rep_id,
                unnest(['good', 'Zoe Quux2 called', 'zoe', null]) as reason,
                unnest(['D1', 'D2', '+49 30 1234567', 'D4']) as disposition_id;
            insert into marts.dim_leads (lead_id, first_name) values ('zoe-quux', 'Zoe')
            """
        )
    made = release(warehouse, AS_OF, without_personal_data=True)
    query = "select lead_id, rep_id, reason, disposition_id from marts.fct_dispositions"
    rows = read(warehouse, query)
    assert [row[2] for row in rows] == ["good", "Zoe Quux2 called", "zoe", None]
    shown = [[str(value).startswith("person-") for value in row] for row in rows]
    assert shown == [
        [False, True, False, False],
        [False, True, False, False],  # three letters of a name are in too many words
        [True, False, False, True],
        [False, True, False, False],
    ]
    assert made.notes == (
        "fct_dispositions.disposition_id: 1 ids look like a person and have a pseudonym",
        "fct_dispositions.lead_id: 1 ids look like a person and have a pseudonym",
        "fct_dispositions.rep_id: 3 ids look like a person and have a pseudonym",
        "fct_dispositions.reason: 1 texts hold the full name of a lead",
    )
    release(warehouse, AS_OF, without_personal_data=True)
    assert read(warehouse, query) == rows, "the same in every release"
    release(warehouse, AS_OF)
    assert read(warehouse, query)[0][1] == "Rita Rep"


@pytest.mark.parametrize("text", ["asked for zoe@example.com", " +49 (30) 123-4567"])
def test_without_personal_data_looks_at_every_text(warehouse: Path, text: str) -> None:
    with duckdb.connect(str(warehouse / "work.duckdb")) as connection:
        connection.execute("create table reports.rpt_any as select ? as told", [text])
    with pytest.raises(ReleaseError, match=r"reports\.rpt_any\.told \(1 texts that look like"):
        release(warehouse, AS_OF, without_personal_data=True)
    accepted = ["personal_data:rpt_any"]
    release(warehouse, AS_OF, without_personal_data=True, accepted=accepted)
    assert read(warehouse, "from reports.rpt_any") == [(text,)]


def test_no_leads_no_release(warehouse: Path) -> None:
    before = release(warehouse, AS_OF)
    write_work(warehouse, lead_count=0)
    with pytest.raises(ReleaseError, match="fct_leads has no rows"):
        release(warehouse, AS_OF)
    assert linked_release(warehouse) == before.path


def test_no_work_file_no_release(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="build first"):
        release(tmp_path, AS_OF)


STEPS = ["_copy", "_copy_comments", "_verify", "sync", "_swap_link"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), duckdb.IOException("x")])
def test_failure_at_any_step_leaves_the_old_release(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: Exception
) -> None:
    release(warehouse, AS_OF)
    before = contents(warehouse)
    write_work(warehouse, lead_count=20)

    def break_down(*_: object) -> None:
        raise error

    monkeypatch.setattr(module, step, break_down)
    with pytest.raises(ReleaseError) as caught:
        release(warehouse, AS_OF)
    assert "\n" not in str(caught.value) and "nothing released" in str(caught.value)
    assert contents(warehouse) == before
    assert read(warehouse, "select count(*) from marts.fct_leads") == [(10,)]


def test_file_and_directories_are_on_the_disk_before_the_next_step(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a power cut could leave a link to a file that is empty, or not there."""
    release(warehouse, AS_OF)
    done: list[tuple[str, str]] = []
    sync, replace = os.fsync, os.replace

    def note_sync(descriptor: int) -> None:
        name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
        done.append(("sync", "the file" if name.startswith(".new-") else name))
        sync(descriptor)

    def note_replace(source: Path, target: Path) -> None:
        name = Path(target).name
        done.append(("replace", "the file" if name != module.LINK_NAME else name))
        replace(source, target)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    release(warehouse, AS_OF)
    assert done == [
        ("sync", "the file"),
        ("replace", "the file"),
        ("sync", "releases"),
        ("replace", "qualified_leads.duckdb"),
        ("sync", "warehouse"),
    ]


def test_failing_to_swap_the_link_itself_leaves_the_old_release(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release(warehouse, AS_OF)
    before = contents(warehouse)
    replace = os.replace

    def refuse_the_link(source: Path, target: Path) -> None:
        if target.name == "qualified_leads.duckdb":
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse_the_link)
    with pytest.raises(ReleaseError):
        release(warehouse, AS_OF)
    assert contents(warehouse) == before


def test_copy_that_lost_rows_is_not_released(
    warehouse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = release(warehouse, AS_OF)
    copy = module._copy

    def lose_a_row(work: Path, target: Path, without: bool) -> dict[tuple[str, str], int]:
        row_counts = copy(work, target, without)
        with duckdb.connect(str(target)) as connection:
            connection.execute("delete from marts.fct_leads where lead_id = 3")
        return row_counts

    monkeypatch.setattr(module, "_copy", lose_a_row)
    with pytest.raises(ReleaseError, match=r"differs from its source in marts\.fct_leads"):
        release(warehouse, AS_OF)
    assert linked_release(warehouse) == before.path


def test_leftovers_of_a_killed_release_go(warehouse: Path) -> None:
    release(warehouse, AS_OF)
    (warehouse / "releases" / ".new-20260701T000000-00000000.duckdb").write_bytes(b"half")
    (warehouse / "releases" / ".new-20260701T000000-00000000.duckdb.wal").write_bytes(b"half")
    (warehouse / ".new-20260701T000000-00000000").symlink_to("releases/none")
    release(warehouse, AS_OF)
    assert not [name for name in contents(warehouse) if ".new-" in name]


def test_the_last_three_are_kept_by_when_they_were_made(warehouse: Path) -> None:
    days = (9, 8, 7, 6, 5)  # each made after a later one
    made = [release(warehouse, datetime(2026, 7, day)) for day in days]
    kept = {path.name for path in (warehouse / "releases").iterdir()}
    assert kept == {one.path.name for one in made[-3:]}


def test_the_linked_release_is_never_pruned(warehouse: Path) -> None:
    made = [release(warehouse, AS_OF) for _ in range(3)]
    link = warehouse / "qualified_leads.duckdb"
    link.unlink()
    link.symlink_to(f"releases/{made[0].path.name}")  # somebody went back to it
    (warehouse / "releases" / "notes.txt").write_text("not a release")
    prune(warehouse, keep=1)
    assert {p.name for p in (warehouse / "releases").iterdir()} == {made[0].path.name, "notes.txt"}


def test_reader_keeps_the_release_it_opened(warehouse: Path) -> None:
    release(warehouse, AS_OF)
    opened = str((warehouse / "qualified_leads.duckdb").resolve())
    with duckdb.connect(opened, read_only=True) as connection:
        for lead_count in range(11, 14):
            write_work(warehouse, lead_count)
            release(warehouse, AS_OF)
        assert not Path(opened).exists()
        assert connection.execute("select count(*) from marts.fct_leads").fetchone() == (10,)


POLL = '''
import sys, duckdb
seen = set()
query = """
    select count(*), min(build), (select build from reports.rpt_lead_funnel) from marts.fct_leads
"""
for line in sys.stdin:
    with duckdb.connect(sys.argv[1], read_only=True) as connection:
        seen.add(connection.execute(query).fetchone())
    print(len(seen), flush=True)
assert all(a == b == c for a, b, c in seen), seen
print("whole", len(seen))
'''


def test_reader_polling_while_releasing_sees_whole_releases_alone(warehouse: Path) -> None:
    release(warehouse, AS_OF)
    command = [sys.executable, "-c", POLL, str(warehouse / "qualified_leads.duckdb")]
    reader = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert reader.stdin is not None and reader.stdout is not None
    stop = threading.Event()

    def read() -> None:
        reader.stdin.write("\n")
        reader.stdin.flush()
        reader.stdout.readline()

    def poll() -> None:
        while not stop.is_set():
            read()

    read()  # the first release for sure, and below the last
    polling = threading.Thread(target=poll)
    polling.start()
    made: list[Release] = []
    for lead_count in range(11, 16):
        write_work(warehouse, lead_count)
        made.append(release(warehouse, AS_OF))
    stop.set()
    polling.join()
    read()
    output, errors = reader.communicate()
    assert reader.returncode == 0, errors
    # More than one, else nothing was swapped under the reader.
    assert int(output.split()[-1]) > 1
