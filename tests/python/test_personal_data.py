"""Personal data is where it belongs, and gone for good once a person is erased."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from files import write_csv
from harness import copy_project

from qualified_leads.erase import forget as module
from qualified_leads.erase.anonymise import ERASED, Anonymiser, Policy, read_policy
from qualified_leads.erase.forget import erase, finish, is_unfinished
from qualified_leads.erase.superset import forget_queries
from qualified_leads.export import crm_delivery
from qualified_leads.export.crm_batches import (
    Batch,
    ExportBusyError,
    acknowledge,
    all_batches,
    export_lock,
    next_batch,
    pending_batch,
    read_state,
)
from qualified_leads.export.crm_delivery import Progress, Refusal
from qualified_leads.export.crm_records import (
    CrmMapping,
    Dataset,
    DatasetMapping,
    load_mapping,
    read_datasets,
)
from qualified_leads.export.tables import export_tables
from qualified_leads.load.land import load_directory
from qualified_leads.release.publish import release
from qualified_leads.release.reading import find_release
from qualified_leads.suppression import EMAIL, LEAD, Suppression, read_suppression

AS_OF = "2026-07-01 00:00:00"
ACCEPT = ("--accept", "rejected")
MAIL = "Zebulonia.Quuxworth@canary-mail.example"
# Told apart from all else, in any case: names, addresses, phone, free texts about the person.
CANARY = ("zebulonia", "quuxworth", "7654321", "zq@home", "zebu@quux", "whispered", "fun officer")

# The account of rows tells that rows came twice; the quality of data is that of the leads left.
MAY_CHANGE = {"marts.fct_row_accounting", "reports.rpt_data_quality"}

LEADS = [
    {
        "lead_id": "C-1",
        "created_at": "2026-05-01 10:00:00",
        "email": MAIL,
        "first_name": "Zebulonia",
        "last_name": "Quuxworth",
        "phone": "+49 30 7654321",
        "job_title": "Chief Fun Officer",
        "company_name": "Quuxworth & Daughters",
        "company_domain": "acme.example",
        "country": "DE",
        "lead_source": "google",
        "landing_page": "/welcome/zebulonia",
    },
    # The same address, a merge, and an id that is an address itself.
    {"lead_id": "C-2", "created_at": "2026-05-02", "email": MAIL.upper(), "lead_source": "google"},
    {
        "lead_id": "C-3",
        "created_at": "2026-05-03",
        "email": "zq@home.example",
        "first_name": "Zebulonia",
        "merged_into_lead_id": "C-1",
    },
    {"lead_id": "zebu@quux.example", "created_at": "2026-05-03", "merged_into_lead_id": "C-3"},
    # Somebody else at the same company, somebody else altogether, and a broken row.
    {
        "lead_id": "O-1",
        "created_at": "2026-05-01",
        "email": "olga@acme.example",
        "first_name": "Olga",
        "company_domain": "acme.example",
        "lead_source": "referral",
    },
    {"lead_id": "O-2", "created_at": "2026-05-01", "email": "otto@gmail.com", "first_name": "Otto"},
    # Somebody who filled a form with anything.
    {
        "lead_id": "J-1",
        "created_at": "2026-05-04",
        "email": "google",
        "first_name": "google",
        "last_name": "ads",
        "phone": "00000",
        "job_title": "a-000001",
        "lead_source": "google",
    },
    {"lead_id": "C-1", "created_at": "soon", "last_name": "Quuxworth", "first_name": "Zebulonia"},
]
ACTIVITIES = [
    {
        "activity_id": f"A-{lead}-{number}",
        "lead_id": lead,
        "activity_type": kind,
        "occurred_at": f"2026-05-{10 + number} 12:00:00",
        "asset": f"/page?mail={MAIL.lower()}" if lead not in ("O-1", "J-1") else "/page",
    }
    for lead in ("C-1", "C-2", "zebu@quux.example", "O-1", "J-1")
    for number, kind in enumerate(("page_view", "demo_request", "webinar_attended"))
]
FILES = {
    "leads": LEADS,
    "activities": [*ACTIVITIES, {"activity_id": "A-9", "lead_id": "C-1", "occurred_at": MAIL}],
    "spend": [
        {
            "spend_id": f"google ads 00000{number}",
            "spend_date": f"2026-05-{number + 1:02}",
            "amount": "100",
            "currency": "EUR",
            "lead_source": source,
        }
        for number, source in enumerate(("google", "google ads", "referral"))
    ],
    "companies": [
        {"company_id": "K1", "domain": "acme.example", "company_name": "Acme", "country": "DE"}
    ],
    "consents": [
        {"lead_id": lead, "status": "granted", "basis": "form", "occurred_at": "2026-05-01"}
        for lead in ("C-1", "C-2", "O-1")
    ],
    "lead_attributes": [
        {
            "lead_id": "C-1",
            "attribute_name": name,
            "attribute_value": value,
            "captured_at": "2026-05-02",
        }
        for name, value in (("goal", "What Zebulonia whispered"), ("team_size", "25"))
    ],
    "qualification_answers": [
        {
            "answer_id": f"Q-{criterion}",
            "lead_id": "C-1",
            "framework": "BANT",
            "criterion": criterion,
            "is_met": "true",
            "evidence": "Quuxworth whispered it",
            "assessed_at": "2026-05-20",
        }
        for criterion in ("budget", "authority", "need", "timeline")
    ],
    "dispositions": [
        {
            "disposition_id": "D-1",
            "lead_id": "C-1",
            "outcome": "accepted",
            "reason": "She whispered",
            "occurred_at": "2026-05-19",
        }
    ],
    "opportunities": [
        {
            "opportunity_id": "P-1",
            "lead_id": "C-1",
            "status": "won",
            "amount": "5000",
            "created_at": "2026-06-01",
            "closed_at": "2026-06-02",
        }
    ],
}


def write_files(directory: Path) -> Path:
    for table, rows in FILES.items():
        write_csv(directory / f"{table}.csv", rows)
    return directory


def texts_of(path: Path) -> str:
    """All that a file says, in lower case: its bytes, and its values where it packs them."""
    text = path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet" or path.name.startswith(".tmp-"):
        text += str(pq.read_table(path).to_pylist())
    elif path.suffix == ".duckdb" and path.stat().st_size:
        with duckdb.connect() as connection:
            connection.execute(f"attach '{path}' as db (read_only)")
            for schema, table in connection.execute(
                "select schema_name, table_name from duckdb_tables() where database_name = 'db'"
            ).fetchall():
                rows = connection.execute(f'from db."{schema}"."{table}"').fetchall()
                text += f"\n{schema}.{table}: {rows}"
    return text.lower()


def places_of(directory: Path, needles: tuple[str, ...] = CANARY) -> set[str]:
    """Files under a directory in which a needle stands, by path."""
    return {
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file() and not path.is_symlink()
        if any(needle in texts_of(path) for needle in needles)
    }


def tables_of(release_: Path) -> set[str]:
    """Tables of a release in which the canary stands."""
    found = set()
    with duckdb.connect(str(release_), read_only=True) as connection:
        for schema, table in connection.execute(
            "select schema_name, table_name from duckdb_tables()"
        ).fetchall():
            rows = str(connection.execute(f"from {schema}.{table}").fetchall()).lower()
            found |= {f"{schema}.{table}"} if any(needle in rows for needle in CANARY) else set()
    return found


def linked(warehouse: Path) -> Path:
    return (warehouse / "qualified_leads.duckdb").resolve()


class Project:
    """A copy of the project, its warehouse and the commands run on it; keeps all they printed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = copy_project(root / "project")
        self.warehouse = root / "warehouse"
        self.printed = ""

    def run(self, script: str, *arguments: str, status: int = 0) -> str:
        self.printed += (output := self._run([sys.executable, script, *arguments], status))
        return output

    def dbt(self, *arguments: str, status: int = 0) -> None:
        dbt = str(Path(sys.executable).with_name("dbt"))
        self.printed += self._run([dbt, *arguments], status)

    def _run(self, command: list[str], status: int) -> str:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("DBT_")}
        done = subprocess.run(
            command,
            cwd=self.path,
            env=kept | {"WAREHOUSE": str(self.warehouse)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout[-2000:] + done.stderr
        return done.stdout + done.stderr

    def logged(self) -> set[str]:
        """Files of dbt and of the refresh, outside of the warehouse, in which the canary stands."""
        found = {
            d: places_of(self.path / d) for d in ("logs", "target") if places_of(self.path / d)
        }
        assert any((self.path / "logs").iterdir()) and any((self.path / "target").iterdir())
        return {f"{directory}/{place}" for directory, places in found.items() for place in places}

    def counts(self) -> dict[str, Counter]:
        """All rows of the public tables, but for keys, and what says who somebody is."""
        with duckdb.connect(str(linked(self.warehouse)), read_only=True) as connection:
            return {
                name: Counter(connection.execute(f"select {numbers} from {name}").fetchall())
                for name, numbers in connection.execute(
                    """
                    select
                        schema_name || '.' || table_name,
                        string_agg(column_name, ', ' order by column_index)
                    from duckdb_columns()
                    where
                        schema_name in ('marts', 'reports')
                        and table_name not in ('dim_leads', 'bridge_lead_identity')
                        and not regexp_matches(column_name, '(lead|activity)_id$|record_key')
                    group by 1
                    """
                ).fetchall()
            }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A refreshed warehouse that knows the canary; the tests below use it one after the other."""
    made = Project(tmp_path_factory.mktemp("personal"))
    write_files(made.root / "raw")
    # The rejected records are what this is about; of so few rows they are many.
    made.run("scripts/refresh.py", str(made.root / "raw"), "--as-of", AS_OF, *ACCEPT)
    yield made


@pytest.mark.promise("Personal data stays where it belongs")
def test_personal_data_is_in_lake_work_file_and_dim_leads_alone(project: Project) -> None:
    places = places_of(project.warehouse)
    kinds = {"raw" if place.startswith("raw/") else place for place in places}
    assert kinds == {"raw", "work.duckdb", f"releases/{linked(project.warehouse).name}"}
    # Ids are shown everywhere: it is for the source to choose ones that tell nothing.
    assert tables_of(linked(project.warehouse)) - tables_with_ids(project) == {"marts.dim_leads"}
    assert project.logged() == set()
    assert not any(needle in project.printed.lower() for needle in CANARY)


def tables_with_ids(project: Project) -> set[str]:
    """Tables in which the canary is found by the id that is an address, and by nothing else."""
    found = set()
    with duckdb.connect(str(linked(project.warehouse)), read_only=True) as connection:
        for table in tables_of(linked(project.warehouse)):
            rows = str(connection.execute(f"from {table}").fetchall()).lower()
            rows = rows.replace("zebu@quux.example", "")
            found |= set() if any(needle in rows for needle in CANARY) else {table}
    return found


@pytest.mark.promise("Personal data stays where it belongs")
def test_everything_in_the_warehouse_is_its_owners_alone(project: Project) -> None:
    for path in [project.warehouse, *project.warehouse.rglob("*")]:
        if not path.is_symlink():
            assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path


@pytest.mark.promise("Personal data stays where it belongs")
def test_errors_of_a_build_quote_no_record(project: Project) -> None:
    """Where a model casts an address to a number, and where one is in a column of an EL tool's."""
    work = project.warehouse / "work.duckdb"
    saved = work.read_bytes()
    assert not work.with_name("work.duckdb.wal").exists()
    cast = "select cast(email as bigint) as n from {{ source('raw', 'leads') }}"
    project.dbt("show", "--inline", cast, status=2)
    assert "may quote a record" in project.printed
    with duckdb.connect(str(work)) as connection:
        connection.execute("drop view raw.companies")
        connection.execute(
            "create table raw.companies as select 'K1' as company_id, 'acme.example' as domain, "
            f"'{MAIL}' as employee_count, timestamp '2030-01-01' as _loaded_at"
        )
    project.dbt("run", "--select", "stg_raw__companies", status=2)
    assert "1 rows of which employee_count is not a whole number" in project.printed
    assert not any(needle in project.printed.lower() for needle in CANARY)
    assert project.logged() == set()
    work.write_bytes(saved)


@pytest.mark.skipif(not os.environ.get("FAULTS"), reason="`make test-faults`; a refresh more")
@pytest.mark.promise("Personal data stays where it belongs")
def test_release_without_personal_data_names_nobody(project: Project) -> None:
    with duckdb.connect(str(project.warehouse / "work.duckdb"), read_only=True) as connection:
        assert "zebulonia" in str(connection.execute("from marts.dim_leads").fetchall()).lower()
    project.run("scripts/refresh.py", "--as-of", AS_OF, "--without-personal-data")
    assert tables_of(linked(project.warehouse)) <= tables_with_ids(project)
    project.run("scripts/refresh.py", "--as-of", AS_OF)  # the next test wants to find somebody


@pytest.mark.promise("Erasure is real")
def test_erasure_leaves_no_byte_and_every_count(project: Project) -> None:
    counts = project.counts()
    assert counts[
        "marts.fct_mqls"
    ]  # the canary is an MQL, a customer even: there is something to lose
    exports = project.warehouse / "exports"
    for options in ([], ["--with-personal-data", "--format", "csv"]):
        project.run("scripts/export.py", "tables", *options)
    project.run("scripts/export.py", "crm", "--system", "hubspot")
    assert any("dim_leads.csv" in place for place in places_of(exports))
    said = project.run("scripts/erase.py", "--email", f" {MAIL.lower()} ")
    assert (exports / "tables" / "latest" / "marts.dim_leads.csv").exists()
    assert len(list((exports / "tables").glob("20*"))) == 1
    assert "4 leads were erased" in said and "qualification_answers: 4 rows" in said
    assert not any(needle in said.lower() for needle in CANARY)
    assert places_of(project.warehouse) == set()
    said = project.run("scripts/erase.py", "--lead-id", "J-1")
    assert "1 leads were erased" in said and "activities: 3 rows" in said and "spend:" not in said
    assert "spend.lead_source: 1 rows of others name the person and are left" in said
    assert project.logged() == set()
    assert project.counts() == counts, "the release that stands in between"
    # The source sends it all again, under another name and with one more lead of the address.
    again = write_files(project.root / "again")
    with (again / "leads.csv").open("a") as handle:
        handle.write(f"C-5,2026-06-30,{MAIL},Zebulonia,Quuxworth,,,,,,google,,\n")
    output = project.run("scripts/refresh.py", str(again), "--as-of", AS_OF, *ACCEPT)
    assert "Full refresh: none has been completed yet" in output
    assert places_of(project.warehouse) == set()
    after = project.counts()
    assert {name for name in counts if after[name] != counts[name]} == MAY_CHANGE
    # What goes out from now on, too.
    project.run("scripts/export.py", "crm", "--system", "salesforce")
    project.run("scripts/export.py", "tables", "--with-personal-data")
    assert places_of(project.warehouse) == set()
    with duckdb.connect(str(linked(project.warehouse)), read_only=True) as connection:
        shown = connection.execute(
            "select email, first_name, is_deleted from marts.dim_leads where lead_id = 'C-1'"
        ).fetchall()
        others = connection.execute(
            "select lead_id, email, first_name from marts.dim_leads "
            "where lead_id like 'O-%' order by all"
        ).fetchall()
    assert shown == [(None, None, True)]
    assert others == [("O-1", "olga@acme.example", "Olga"), ("O-2", "otto@gmail.com", "Otto")]


@pytest.mark.promise("Erasure is real")
def test_wrong_use_and_a_busy_warehouse_erase_nobody(project: Project) -> None:
    assert "say who" in project.run("scripts/erase.py", status=2)
    before = places_of(project.warehouse, ("olga",))
    said = project.run("scripts/erase.py", "--lead-id", "O-1", "--dry-run")
    assert "1 leads would be erased" in said and "activities: 3 rows would be rewritten" in said
    assert before and places_of(project.warehouse, ("olga",)) == before


@pytest.mark.promise("Erasure is real")
def test_nothing_is_handed_out_beside_an_unfinished_erasure(project: Project) -> None:
    (project.warehouse / module.MARK_NAME).touch()
    for command in (["tables"], ["crm", "--system", "hubspot"], ["deliver", "--system", "hubspot"]):
        said = project.run("scripts/export.py", *command, status=2)
        assert "an erasure" in said and "refresh.py" in said
    (project.warehouse / module.MARK_NAME).unlink()


# Killed at every step


def fake_warehouse(root: Path) -> Path:
    """A lake with the canary, a release, and a work file with a table of an EL tool."""
    warehouse = root / "warehouse"
    load_directory(write_files(root / "raw"), warehouse)
    with duckdb.connect(str(warehouse / "work.duckdb")) as connection:
        connection.execute(
            f"""
            create schema raw; create schema marts; create schema reports; create schema ops;
            create table marts.fct_leads as select 'C-1' as lead_id;
            create table marts.dim_leads as
            select 'C-1' as lead_id, '{MAIL}' as email, 'Zebulonia' as first_name,
                null as last_name, false as is_deleted;
            create table raw.consents as select 'C-1' as lead_id, 'whispered {MAIL}' as basis;
            create table ops.runs as select 7 as run_number;
            """
        )
    for _ in range(2):
        release(warehouse, datetime(2026, 7, 1))
    return warehouse


def add_exports(warehouse: Path) -> Path:
    """Exported tables, and the directory of a CRM with batches and dead letters of the canary."""
    for file_format in ("parquet", "csv"):
        directory = warehouse / "exports" / "tables"
        export_tables(
            find_release(warehouse, None), directory, file_format, with_personal_data=True
        )
    crm = warehouse / "exports" / "salesforce"
    mapping = load_mapping("salesforce")
    queue = mapping.datasets["queue"]
    field = next(name for name, column in queue.fields.items() if column == "reasons")

    def batch(**changes: str) -> Batch:
        told = {"C-1": f"=wrote as {MAIL}", "O-1": "asked", "zebu@quux.example": "asked"} | changes
        records = {
            lead_id: {queue.external_id: lead_id, queue.present: True, field: text}
            for lead_id, text in told.items()
        }
        made = next_batch(crm, "r1", {"queue": Dataset(queue, records)}, mapping)
        assert made is not None
        return made

    first = batch()
    refused = [Refusal("queue", lead_id, 400) for lead_id in ("O-1", "zebu@quux.example")]
    crm_delivery._write_dead_letters(crm, first, refused)
    acknowledge(crm, first.id)
    waiting = batch(**{"O-1": "asked again", "zebu@quux.example": "asked again"})
    crm_delivery._note(crm, waiting, Progress([], refused))
    assert len(places_of(crm)) == 7
    return crm


@pytest.mark.promise("Erasure is real")
def test_exports_keep_what_is_about_others(tmp_path: Path) -> None:
    warehouse = fake_warehouse(tmp_path)
    crm, tables = add_exports(warehouse), warehouse / "exports" / "tables"
    seeds = Path(__file__).resolve().parents[2] / "seeds"
    for _ in range(2):  # a second time changes nothing
        erase(warehouse, ["C-1"], [], seeds, [])
        assert places_of(warehouse) == set()
        (taken,) = all_batches(crm)  # the next export makes the one that waited again
        records = [list(record.values()) for record in taken.read("queue")]
        assert records == [["C-1", True, "(erased)"], ["O-1", True, "asked"]]
        assert taken.records == {"queue": 2}
        lines = (taken.directory / "queue.csv").read_text().splitlines()
        assert lines[1:] == ["C-1,true,(erased)", "O-1,true,asked"]
        state = read_state(crm)
        assert list(state.hashes["queue"]) == ["C-1", "O-1"] and pending_batch(crm, state) is None
        assert not list((crm / "batches").glob("*.progress"))
        (letters,) = (crm / "dead_letters").iterdir()
        (letter,) = letters.read_text().splitlines()
        assert '"O-1"' in letter and '"status":400' in letter
        assert len([path for path in tables.iterdir() if path.name[0] == "2"]) == 1
        (_, row) = (tables / "latest" / "marts.dim_leads.csv").read_text().splitlines()
        assert row == "C-1,,,,true"


@pytest.mark.promise("Erasure is real")
def test_what_was_set_aside_as_damaged_goes(tmp_path: Path) -> None:
    warehouse = fake_warehouse(tmp_path)
    (warehouse / "raw" / "leads").mkdir(parents=True, exist_ok=True)
    aside = [warehouse / ".damaged-work.duckdb", warehouse / "raw/leads/.damaged-x"]
    for path in aside:
        path.write_text(" ".join(CANARY))
    erase(warehouse, ["C-1"], [], tmp_path, [])
    assert [path for path in aside if path.exists()] == []


@pytest.mark.promise("Erasure is real")
def test_export_that_is_running_is_not_disturbed(tmp_path: Path) -> None:
    warehouse = fake_warehouse(tmp_path)
    crm = add_exports(warehouse)
    before = places_of(warehouse)
    with export_lock(crm), pytest.raises(ExportBusyError, match="another export is running"):
        erase(warehouse, ["C-1"], [], tmp_path, [])
    assert places_of(warehouse) == before and not is_unfinished(warehouse)


@pytest.mark.promise("Erasure is real")
def test_release_without_personal_data_and_damaged_exports(tmp_path: Path) -> None:
    warehouse = fake_warehouse(tmp_path)
    crm = add_exports(warehouse)
    release(warehouse, datetime(2026, 7, 2), without_personal_data=True)
    (taken, waiting) = all_batches(crm)
    (taken.directory / "manifest.json").write_text(f"half a manifest of {MAIL}")
    (waiting.directory / "manifest.json").unlink()
    (crm / "dead_letters" / "half.jsonl").write_text(f'{{"record": "{MAIL}')
    half = warehouse / "exports" / "tables" / "20260701T000000-1a2b3c4d-csv-0a1b2c3d"
    half.mkdir()
    (half / "marts.dim_leads.csv").write_text(MAIL)
    erase(warehouse, ["C-1"], [], tmp_path, [])
    assert places_of(warehouse) == set() and all_batches(crm) == []
    exported = sorted(p.name for p in (warehouse / "exports/tables/latest").iterdir())
    assert exported == ["manifest.json", "marts.fct_leads.csv"]


@pytest.mark.promise("Erasure is real")
def test_what_was_typed_into_superset_is_forgotten(tmp_path: Path) -> None:
    home = tmp_path / "superset"
    home.mkdir()
    (home / "superset.log").write_text("asked for canary@example.com")
    database = home / "superset.db"
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("create table query (sql text)")
        connection.execute("create table logs (json text)")
        connection.execute("create table slices (slice_name text)")
        connection.execute("insert into query values (?)", ["select 'canary@example.com'"])
        connection.execute("insert into logs values (?)", ['{"sql": "canary@example.com"}'])
        connection.execute("insert into slices values (?)", ["Cost per customer"])
        connection.commit()
    assert b"canary" in database.read_bytes()
    forget_queries(tmp_path)
    assert b"canary" not in database.read_bytes()
    assert [path.name for path in home.iterdir()] == ["superset.db"]
    with closing(sqlite3.connect(database)) as connection:
        kept = connection.execute("select slice_name from slices").fetchall()
    assert kept == [("Cost per customer",)]
    forget_queries(tmp_path / "none")


def test_no_crm_is_told_about_the_pseudonym_of_a_person() -> None:
    dataset = DatasetMapping(object="Lead", external_id="id", present="is", fields={"s": "label"})
    mapping = CrmMapping(chunk_size=1, null_text="", datasets={"queue": dataset})
    with duckdb.connect() as connection:
        connection.execute(
            "create schema reports; create table reports.rpt_sdr_queue as "
            "select unnest(['L1', 'erased-0123']) as lead_id, 1 as queue_position, 'A1' as label"
        )
        assert list(read_datasets(connection, mapping)["queue"].records) == ["L1"]


class Killed(BaseException):
    """Stands for a kill: no handler of errors stops it."""


@pytest.mark.promise("Erasure is real")
def test_killed_erasure_is_finished_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property
) -> None:
    """A kill at each file that is put in place and in each directory that goes, then one rerun."""
    seeds = Path(__file__).resolve().parents[2] / "seeds"
    replace, rmtree, points = os.replace, shutil.rmtree, 0
    whole = fake_warehouse(tmp_path)
    add_exports(whole)
    assert places_of(whole)
    while True:
        warehouse = tmp_path / str(points)
        shutil.copytree(whole, warehouse, symlinks=True)
        left = points

        def killed_after(source: Path, target: Path) -> None:
            nonlocal left
            if left == 0:
                raise Killed
            left -= 1
            replace(source, target)

        def killed_half_way(directory: Path, **options: bool) -> None:
            nonlocal left
            if not directory.exists():
                return
            if left == 0:
                for path in sorted(directory.iterdir())[:1]:
                    path.unlink()
                raise Killed
            left -= 1
            rmtree(directory, **options)

        monkeypatch.setattr(module.os, "replace", killed_after)
        monkeypatch.setattr(shutil, "rmtree", killed_half_way)
        try:
            erase(warehouse, ["C-1"], [], seeds, [])
            was_killed = False
        except Killed:
            was_killed = True
        monkeypatch.setattr(module.os, "replace", replace)
        monkeypatch.setattr(shutil, "rmtree", rmtree)
        if points <= 1:  # not even on the list yet: the person asks again
            assert is_unfinished(warehouse) == (points == 1)
            erase(warehouse, ["C-1"], [], seeds, [])
        elif was_killed:
            assert is_unfinished(warehouse)
            finish(warehouse, seeds, [])
        assert places_of(warehouse) == set(), points
        assert not is_unfinished(warehouse)
        with duckdb.connect(str(warehouse / "work.duckdb"), read_only=True) as connection:
            assert connection.execute("from ops.runs").fetchall() == [(7,)]
            assert connection.execute("from raw.consents").fetchall() == [("C-1", "(erased)")]
        assert len(list((warehouse / "releases").iterdir())) == 1
        if not was_killed:
            break
        points += 1 if os.environ.get("FAULTS") else 8
    assert points > 8
    record_property("points", points)


# What is left of a row


@pytest.mark.promise("Erasure is real")
def test_attributes_keep_what_the_policy_says_about_them(tmp_path: Path) -> None:
    (tmp_path / "fit_rules.csv").write_text(
        "rule_id,attribute_name,comparison,rule_value\n"
        "a,job_title,contains,chief\nb, Job_Title ,contains,officer\nc,job_title,in,ceo|CMO\n"
        "d,team_size,at_least,10\n"
    )
    policy = read_policy(tmp_path)
    told = [policy.reduced("job_title", t) for t in ("Chief Fun Officer", " cmo ", "Nobody", None)]
    assert told == ["chief officer", "cmo", "(erased)", None]
    assert policy.reduced("team_size", "25") == "25"
    assert policy.reduced("shoe_size", "44") == "(erased)" and policy.reduced("a", " ") is None
    assert policy.reduced("job_title", "0171 7654321") == policy.reduced("job_title", "5") == ERASED
    assert all(policy.reduced("job_title", t) == t for t in told)  # once more changes nothing


@pytest.mark.promise("Erasure is real")
def test_equal_addresses_stay_equal_and_nobodys() -> None:
    suppression = Suppression(salt="s")
    suppression.emails[suppression.hash(EMAIL, "a@x.example")] = True
    suppression.emails[suppression.hash(EMAIL, "a@aaaaa.example")] = False
    strip = Anonymiser(suppression, Policy()).strip
    first, second, third = (
        strip("leads", {"lead_id": "1", "email": email})["email"]
        for email in ("a@x.example", " A@X.example", "a@aaaaa.example")
    )
    assert first == second.replace("X", "x") and first.endswith("@x.example")
    assert first.startswith("erased-") and third.endswith("@erased.invalid")


@pytest.mark.promise("Erasure is real")
def test_the_list_holds_hashes_alone(tmp_path: Path) -> None:
    warehouse = fake_warehouse(tmp_path)
    seeds = Path(__file__).resolve().parents[2] / "seeds"
    erase(warehouse, ["C-1", "unheard of"], [], seeds, [])
    suppression = read_suppression(warehouse)
    assert suppression.has_lead("unheard of") and suppression.has_email(MAIL.lower())
    assert not suppression.has_lead("O-1")
    assert not suppression.leads[suppression.hash(LEAD, "zebu@quux.example")]
    text = (warehouse / "suppressed.json").read_text().lower()
    assert not any(needle in text for needle in (*CANARY, "unheard", "c-1"))


@pytest.mark.promise("Erasure is real")
def test_who_gave_the_same_placeholder_is_somebody_else(tmp_path: Path) -> None:
    """Erased by id, one of two takes nobody along; who asks for the address itself means both."""
    raw, warehouse = tmp_path / "raw", tmp_path / "warehouse"
    raw.mkdir()
    (raw / "leads.csv").write_text(
        "lead_id,created_at,email,first_name\n"
        "P-1,2026-01-01,NoEmail@acme.example,Zebulonia\nP-2,2026-01-01,noemail@acme.example,Olga\n"
    )
    load_directory(raw, warehouse)
    seeds = Path(__file__).resolve().parents[2] / "seeds"
    lake = str(warehouse / "raw" / "leads" / "*.parquet")

    def kept() -> list[tuple]:
        with duckdb.connect() as connection:
            return connection.execute(
                "select lead_id, email from read_parquet(?) "
                "where first_name is not null order by all",
                [lake],
            ).fetchall()

    erase(warehouse, ["P-1"], [], seeds, [])
    assert kept() == [("P-2", "noemail@acme.example")]
    assert not read_suppression(warehouse).has_email("noemail@acme.example")
    erase(warehouse, [], ["noemail@acme.example"], seeds, [])
    assert kept() == []
