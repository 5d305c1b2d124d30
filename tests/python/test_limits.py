"""Neither policy rows nor data can run anything, and DuckDB reaches no files but its own."""

from __future__ import annotations

import csv
import os
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from dbt.adapters.duckdb.credentials import DuckDBCredentials, PluginConfig
from dbt.adapters.duckdb.environments.local import LocalEnvironment
from dbt_common.exceptions import DbtRuntimeError
from harness import PROJECT, copy_project

from qualified_leads.console import printable
from qualified_leads.contract import REJECTED_ROWS, load_contract
from qualified_leads.duckdb_limits import Plugin, safe_text
from qualified_leads.engine import check_engine

pytestmark = pytest.mark.promise("Policy rows cannot run SQL, and neither can data")
AS_OF = "2026-07-01 00:00:00"
# Quotes, statements, Jinja, paths, HTML, formulas, markup, shell and terminal codes.
HOSTILE = (
    "'; create schema pwned; --",
    "x'); copy (select 42) to '{outside}/pwned.csv'; --",
    "' union all select content from read_text('{outside}/secret.txt') --",
    "{{ run_query('create schema pwned') }}",
    "{% do run_query('drop schema marts cascade') %}",
    "{outside}/secret.txt",
    "\"; attach '{outside}/pwned.duckdb' as pwned; --",
    "<script>alert(1)</script>",
    '=HYPERLINK("http://x.example/"&A1;"y")',
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "[red]x[/red]",
    "$(touch {outside}/pwned) `touch {outside}/pwned`",
    "a\x1b[31mb\x07",
    "-- */ /* ; \\'; %s %(x)s {} {0} ${x}",
)
ENUMERATED = {"status": "open", "outcome": "accepted", "framework": "BANT"}
TIMES = {"timestamp": "2026-06-01 00:00:00", "date": "2026-06-01"}
NUMBERS = {"boolean": "false"}


class Hostile:
    """A different hostile text for each place, so that each can be found again."""

    def __init__(self, outside: Path) -> None:
        self.outside = outside
        self._given: dict[str, str] = {}

    def text(self, place: str) -> str:
        """The text of a place, always the same one."""
        number = len(self._given)
        shape = HOSTILE[number % len(HOSTILE)].replace("{outside}", str(self.outside))
        return self._given.setdefault(place, f"{shape} {place}")


def write_raw(directory: Path, hostile: Hostile) -> None:
    """A row in each raw table with hostile text in every text column; keys fit together."""
    directory.mkdir()
    for table in load_contract().values():
        if table.name == REJECTED_ROWS:
            continue
        row = {}
        for column in table.source_columns:
            kind, name = column.data_type, column.name
            if kind == "string":
                shared = name in ("lead_id", "campaign_id", "domain") or table.name == "lead_id"
                row[name] = hostile.text(name if shared else f"{table.name}.{name}")
            else:
                row[name] = TIMES.get(kind, NUMBERS.get(kind, "1"))
        row |= {name: value for name, value in ENUMERATED.items() if name in row}
        if table.name == "leads":
            row |= {"merged_into_lead_id": "", "company_domain": hostile.text("domain")}
        if table.name == "consents":
            row |= {"status": "granted"}
        if "currency" in row and table.name != "exchange_rates":
            row["currency"] = ""
        write(directory / f"{table.name}.csv", [row])
    # A file and a column whose names are hostile too.
    odd = directory / "leads" / "'; create schema pwned; --\x1b[31m.csv"
    odd.parent.mkdir()
    write(odd, [{"lead_id": "L2", "created_at": AS_OF, "'); --\x1b[31m {{ 1 }}": "x"}])


def write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def add_rows(project: Path, seed: str, rows: list[dict[str, str]]) -> None:
    path = project / "seeds" / f"{seed}.csv"
    with path.open(newline="", encoding="utf-8") as handle:
        header = next(csv.reader(handle))
    with path.open("a", newline="", encoding="utf-8") as handle:
        csv.DictWriter(handle, header, restval="", lineterminator="\n").writerows(rows)


def add_policy(project: Path, hostile: Hostile) -> None:
    """Rows that a policy may hold, hostile in every column that is free text."""
    text = hostile.text
    reason = {"reason": text("reason")}
    add_rows(
        project,
        "activity_rules",
        [
            {
                "rule_id": text("activity rule"),
                "activity_type": text("activities.activity_type"),
                "score_group": text("score group"),
                "points": "9",
                "is_hand_raise": "true",
                "is_touch": "true",
                "is_direct_contact": "true",
                **reason,
            }
        ],
    )
    groups = [{"score_group": text("score group"), "kind": "engagement", "max_points": "50"}]
    add_rows(project, "score_groups", [groups[0] | reason])
    rules = [
        # An answer of a form, by name and value; and a built-in attribute.
        ("lead_attributes.attribute_name", "lead_attributes.attribute_value"),
        ("job_title", "leads.job_title"),
    ]
    add_rows(
        project,
        "fit_rules",
        [
            {
                "rule_id": text(f"fit rule {value}"),
                "dimension": "demographic",
                "attribute_name": name if name == "job_title" else text(name),
                "comparison": "equals",
                "rule_value": text(value),
                "points": "7",
                **reason,
            }
            for name, value in rules
        ],
    )
    exclusion = {"rule_id": text("exclusion"), "category": text("category"), **reason}
    exclusion |= {"attribute_name": "job_title", "comparison": "contains"}
    add_rows(project, "exclusion_rules", [exclusion | {"rule_value": text("nobody's title")}])
    source = {"priority": "1", "comparison": "equals", "raw_value": text("leads.lead_source")}
    source |= {"lead_source": text("mapped source"), "channel": text("channel"), "is_paid": "true"}
    add_rows(project, "lead_source_map", [source | reason])
    version = {"version": text("version"), "valid_from": "2026-05-01", "fit_hurdle": "0"}
    version |= {"engagement_threshold": "0", "requires_consent": "false"}
    add_rows(
        project, "qualification_policy", [version | {"approved_by": text("approver")} | reason]
    )
    criterion = {"framework": "BANT", "criterion": text("criterion"), "is_required": "false"}
    add_rows(project, "qualification_criteria", [criterion | {"minimum_met": "3"} | reason])
    model = {"attribution_model": text("model"), "other_share": "1", "is_data_driven": "false"}
    add_rows(project, "attribution_models", [model | reason])
    for seed in ("free_email_domains", "disposable_email_domains", "public_suffixes"):
        column = "suffix" if seed == "public_suffixes" else "domain"
        add_rows(project, seed, [{column: text(seed)}])


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Hostile, str]:
    """A refresh of hostile files under a hostile policy: its warehouse and what it printed."""
    root = tmp_path_factory.mktemp("hostile")
    outside = root / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("the-secret-of-the-house")
    hostile = Hostile(outside)
    project = copy_project(root / "project")
    write_raw(root / "raw", hostile)
    add_policy(project, hostile)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("DBT_")}
    done = subprocess.run(
        [sys.executable, "scripts/refresh.py", str(root / "raw"), "--as-of", AS_OF],
        cwd=project,
        env=environment | {"WAREHOUSE": str(root / "warehouse")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return root / "warehouse", hostile, done.stdout + done.stderr


def rows(warehouse: Path, query: str) -> list[tuple]:
    target = str((warehouse / "qualified_leads.duckdb").resolve())
    with duckdb.connect(target, read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_hostile_text_runs_nothing(built: tuple[Path, Hostile, str]) -> None:
    warehouse, hostile, _ = built
    assert os.listdir(hostile.outside) == ["secret.txt"]
    with duckdb.connect(str(warehouse / "work.duckdb"), read_only=True) as connection:
        schemas = connection.execute(
            "select distinct table_schema from information_schema.tables order by all"
        ).fetchall()
    layers = ["delta", "intermediate", "marts", "ops", "policy", "raw", "reports", "staging"]
    assert [name for (name,) in schemas] == layers
    for path in warehouse.rglob("*"):
        assert path.is_dir() or b"the-secret-of-the-house" not in path.read_bytes(), path


def test_hostile_data_is_shown_as_the_text_it_is(built: tuple[Path, Hostile, str]) -> None:
    warehouse, hostile, _ = built
    columns = ["first_name", "last_name", "phone", "job_title", "company_name", "country"]
    (found,) = rows(
        warehouse, f"select {', '.join(columns)} from marts.dim_leads where lead_id <> 'L2'"
    )
    assert list(found) == [hostile.text(f"leads.{column}") for column in columns]
    assert rows(warehouse, "select distinct campaign_name from marts.dim_campaigns") == [
        (hostile.text("campaigns.campaign_name"),)
    ]


def test_hostile_policy_is_compared_as_data(built: tuple[Path, Hostile, str]) -> None:
    warehouse, hostile, _ = built
    ledger = """
        select rule_id, capped_points from marts.fct_score_ledger
        where capped_points in (7, 9) and rule_id not like 'clamp:%'
    """
    assert dict(rows(warehouse, ledger)) == {
        hostile.text("fit rule lead_attributes.attribute_value"): 7.0,
        hostile.text("fit rule leads.job_title"): 7.0,
        hostile.text("activity rule"): 9.0,
    }
    lead = "select lead_source, label is not null from marts.fct_leads where lead_id <> 'L2'"
    assert rows(warehouse, lead) == [(hostile.text("mapped source"), True)]
    assert rows(warehouse, "select distinct policy_version from marts.fct_mqls") == [
        (hostile.text("version"),)
    ]


def test_hostile_text_commands_no_terminal(built: tuple[Path, Hostile, str]) -> None:
    _, _, output = built
    assert "unknown columns are ignored: '); --" in output
    assert "\x1b" not in output and "\x07" not in output
    assert printable("a\x1b[31mb\x07\x9b\x7fc é") == "a�[31mb���c é"


# What DuckDB may reach


@pytest.fixture
def limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> duckdb.DuckDBPyConnection:
    """A connection as dbt has it, on a warehouse beside a file of somebody else."""
    monkeypatch.chdir(PROJECT)
    before = os.umask(0o022)
    (tmp_path / "warehouse" / "raw" / "leads").mkdir(parents=True)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (tmp_path / "warehouse" / "raw" / "link.csv").symlink_to(tmp_path / "secret.csv")
    credentials = DuckDBCredentials(
        path=str(tmp_path / "warehouse" / "work.duckdb"),
        schema="main",
        plugins=[PluginConfig(module="qualified_leads.duckdb_limits")],
        settings={"TimeZone": "UTC"},
    )
    environment = LocalEnvironment(credentials)
    handle = environment.handle()
    yield handle.cursor()
    handle.close()
    os.umask(before)


def test_an_engine_that_loses_data_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_engine, "__defaults__", ("1.4.4",))
    monkeypatch.setattr(os, "umask", lambda mask: mask)
    with pytest.raises(DbtRuntimeError, match=r"DuckDB 1\.4\.4 is too old"):
        Plugin("limits", {})


ALLOWED = (
    "copy (select 1 as a) to '{tmp}/warehouse/raw/leads/x.parquet'",
    "from glob('{tmp}/warehouse/raw/*/*.parquet')",
    "create table big as select range as i, repeat('x', 100) as t from range(1000)",
    "checkpoint",
)
REFUSED = (
    "from read_csv('{tmp}/secret.csv')",
    "from read_csv('{tmp}/warehouse/raw/../../secret.csv')",
    "from read_csv('{tmp}/warehouse/raw/link.csv')",
    "from read_text('/etc/passwd')",
    "from read_text('{project}/profiles.yml')",
    "from read_csv('{project}/seeds/fit_rules.csv')",
    "from glob('/etc/*')",
    "from '{tmp}/secret.csv'",
    "copy (select 1) to '{tmp}/x.csv'",
    "copy (select 1) to '{project}/macros/x.sql'",
    "copy (select 1) to '{tmp}/warehouse/releases.csv'",
    "export database '{tmp}/exported'",
    "attach '{tmp}/other.duckdb' as other",
    "install httpfs",
    "load httpfs",
    "from read_csv('https://example.com/x.csv')",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
    "set allowed_paths = ['/etc/passwd']",
    "set temp_directory = '{tmp}'",
)


def test_duckdb_reads_and_writes_its_own_files_alone(
    limited: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    def told(statement: str) -> str:
        return statement.replace("{tmp}", str(tmp_path)).replace("{project}", str(PROJECT))

    for statement in ALLOWED:
        limited.execute(told(statement))
    for statement in REFUSED:
        with pytest.raises((duckdb.Error, DbtRuntimeError)) as caught:
            limited.execute(told(statement)).fetchall()
        assert "disabled" in str(caught.value) or "Cannot" in str(caught.value), statement
    assert sorted(os.listdir(tmp_path)) == ["secret.csv", "warehouse"]
    for name in ("work.duckdb", "tmp"):
        mode = stat.S_IMODE((tmp_path / "warehouse" / name).stat().st_mode)
        assert not mode & 0o077, name


def test_rows_of_seeds_and_what_is_wrong_with_them_come_from_the_project(
    limited: duckdb.DuckDBPyConnection,
) -> None:
    query = "select cells['stage'] from (select unnest(policy_rows('stages')) as cells)"
    assert ("mql",) in limited.execute(query).fetchall()
    query = "select policy_rows('../profiles')"
    with pytest.raises(duckdb.Error) as caught:
        limited.execute(query)
    assert safe_text(caught.value, query) == "seeds/../profiles.csv is missing"


def test_errors_of_the_database_quote_no_value(limited: duckdb.DuckDBPyConnection) -> None:
    limited.execute("create table people as select 'zoe' || '@example.com' as email")
    with pytest.raises(duckdb.Error) as caught:
        limited.execute("select cast(email as int) from people")
    assert "zoe" in str(caught.value)  # else nothing is hidden below
    said = safe_text(caught.value)
    assert said.startswith("ConversionException") and "zoe" not in said
    with pytest.raises(duckdb.Error) as caught:
        limited.execute("select no_such_column")
    assert "no_such_column" in safe_text(caught.value)
