"""Metrics give what the reports say, the pages of documentation cover what is public, and what
README.md, CONTRIBUTING.md and docs/ say to type works on the sample as they say it."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from documented import ADDED, READ, RUN, Block, blocks, commands, pages
from harness import INHERITED, PROJECT, copy_project

from team.sample.generate import generate

COUNTS = ("leads", "mqls", "sals", "sqls", "opportunities", "customers")
COSTS = ("lead", "mql", "sql", "opportunity", "customer")
STAGES = ("lead", "mql", "sal", "sql", "opportunity", "customer")
RATES = [f"{a}_to_{b}_rate" for a, b in zip(STAGES, STAGES[1:], strict=False)]
NUMBERS = [
    "spend",
    *COUNTS,
    "revenue",
    "roi",
    "roas",
    *(f"cost_per_{one}" for one in COSTS),
    *RATES,
]

Numbers = dict[tuple[date, str], list[float | None]]


# What is not run as it is written: the beginning of the command, what runs in its stead (None is
# nothing, the rest of the command stays), and why.
OTHERWISE = (
    ("make ", None, "installs packages, takes long or serves until it is stopped"),
    ("duckdb ", None, "no package of the project; the query of the command runs"),
    ("git pull", None, "there is nowhere to pull from"),
    (".venv/bin/python scripts/bench.py", None, "takes minutes; its options are looked up"),
    ("dbt build --select", "dbt ls --select", "takes a minute; what it selects is listed"),
    (".venv/bin/pytest", ".venv/bin/pytest --collect-only", "a part of this very run"),
)
PAGES = pages(PROJECT)
ALL_BLOCKS = [block for page in PAGES for block in blocks(PROJECT, page)]
DOCUMENTED = [block for block in ALL_BLOCKS if block.kind in RUN and not block.not_run]
# Of the work file, which the operator reads; all other queries are of a release.
OF_THE_WORK_FILE = re.compile(r"\b(raw|staging|intermediate|delta|policy|ops)\.\w")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project with a release of a small sample, as `make build` leaves it."""
    root = copy_project(tmp_path_factory.mktemp("documented") / "project")
    shutil.copytree(PROJECT / "tests" / "python", root / "tests" / "python")
    (root / ".venv").symlink_to(sys.prefix)
    generate(400, 8000, 2, root / "sample")
    _run(root, "python", "scripts/refresh.py", "sample", "--as-of", "2026-07-01 00:00:00")
    return root


@pytest.fixture(scope="module")
def already() -> set[str]:
    """Commands that have run upon the same files, with their settings."""
    return set()


@pytest.mark.parametrize("basis, prefix", [("cohort", ""), ("period", "period_")])
def test_metrics_equal_the_reports(project: Path, basis: str, prefix: str) -> None:
    """Each number of each month and source; where a report has no row, a metric says nothing."""
    metrics = _queried(project, [name if name == "spend" else prefix + name for name in NUMBERS])
    reported = _reported(project, basis)
    assert len(reported) > 50
    assert metrics.keys() <= reported.keys()
    for key, numbers in reported.items():
        if key in metrics:
            assert metrics[key] == pytest.approx(numbers, abs=1e-9), key
        else:
            assert not any(numbers), key


def test_metrics_can_be_grouped_by_channel(project: Path) -> None:
    """Leads of a channel are those of its sources."""
    grouped = _query_metrics(project, ["leads"], "lead_source__channel")
    with duckdb.connect(str(project / "warehouse" / "work.duckdb"), read_only=True) as connection:
        counted = connection.execute(
            "select s.channel, count(*) from marts.fct_leads l "
            "join marts.dim_lead_sources s using (lead_source) group by 1"
        ).fetchall()
    assert {(row["lead_source__channel"], int(row["leads"])) for row in grouped} == set(counted)


def test_docs_page_is_whole_and_alone(project: Path) -> None:
    """One file with every public table and the description of every column, and no other file."""
    _run(project, "dbt", "--quiet", "docs", "generate", "--static")
    page = (project / "target" / "static_index.html").read_text(encoding="utf-8")
    assert not re.findall(r'<(?:script|link)[^>]+(?:src|href)="https?://', page)
    manifest = json.loads((project / "target" / "manifest.json").read_text(encoding="utf-8"))
    models = [node for node in manifest["nodes"].values() if node.get("access") == "public"]
    assert len(models) > 30
    for model in models:
        assert f'"{model["unique_id"]}"' in page
        for column in model["columns"].values():
            assert json.dumps(column["description"]).strip('"')[:60] in page, model["name"]
    exposed = {
        name
        for exposure in manifest["exposures"].values()
        for name in exposure["depends_on"]["nodes"]
    }
    reports = {model["unique_id"] for model in models if model["schema"] == "reports"}
    assert reports <= exposed, "a report that nobody is said to read"


def test_lineage_leads_from_a_score_to_its_raw_columns(project: Path) -> None:
    """Each public column has a source, and a fit score comes from job titles and companies."""
    _run(project, "colibri", "generate", "--disable-telemetry", "--output-dir", "target/lineage")
    drawn = json.loads((project / "target/lineage/colibri-manifest.json").read_text("utf-8"))
    sources: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for edge in drawn["lineage"]["edges"]:
        target = (edge["target"].split(".")[-1], edge["targetColumn"])
        sources.setdefault(target, set()).add((edge["source"].split(".")[-1], edge["sourceColumn"]))
    reached = _upstream(sources, ("fct_leads", "fit_score"))
    assert {("fit_rules", "points"), ("score_groups", "max_points")} <= reached
    reached = _upstream(sources, ("rpt_source_costs", "cost_per_mql"))
    assert {("spend", "amount"), ("exchange_rates", "rate_to_reporting")} <= reached


def _upstream(
    sources: dict[tuple[str, str], set[tuple[str, str]]], column: tuple[str, str]
) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    open_columns = [column]
    while open_columns:
        for one in sources.get(open_columns.pop(), set()) - found:
            found.add(one)
            open_columns.append(one)
    return found


def _run(project: Path, command: str, *arguments: str) -> str:
    done = subprocess.run(
        [str(Path(sys.executable).parent / command), *arguments],
        cwd=project,
        env=_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def _environment() -> dict[str, str]:
    """That of a shell in which nothing was set for the project."""
    left_out = (*INHERITED, "WAREHOUSE")
    return {name: value for name, value in os.environ.items() if name not in left_out}


def _query_metrics(project: Path, metrics: list[str], group_by: str) -> list[dict[str, str]]:
    target = project / "queried.csv"
    _run(
        project,
        "mf",
        "query",
        "--metrics",
        ",".join(metrics),
        "--group-by",
        group_by,
        "--csv",
        str(target),
    )
    with target.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _queried(project: Path, metrics: list[str]) -> Numbers:
    return {
        (datetime.fromisoformat(row["metric_time__month"]).date(), row["lead_source"]): [
            float(row[name]) if row[name] else None for name in metrics
        ]
        for row in _query_metrics(project, metrics, "metric_time__month,lead_source")
    }


def _reported(project: Path, basis: str) -> Numbers:
    columns = [f"{'funnel' if name in RATES else 'costs'}.{name}" for name in NUMBERS]
    with duckdb.connect(str(project / "warehouse" / "work.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            f"select month, lead_source, {', '.join(columns)} "
            "from reports.rpt_source_costs as costs "
            "join reports.rpt_lead_funnel as funnel using (basis, month, lead_source) "
            "where basis = ?",
            [basis],
        ).fetchall()
    return {
        (month, source): [None if number is None else float(number) for number in numbers]
        for month, source, *numbers in rows
    }


def test_blocks_are_of_a_known_kind() -> None:
    """So that none is left out for its spelling, and none that is indented escapes."""
    for block in ALL_BLOCKS:
        assert block.kind in (*RUN, *READ), block
        assert not block.not_run or block.kind in RUN, block
        if block.kind == "yaml":
            yaml.safe_load(block.text)
    for page in PAGES:
        text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text("utf-8"), flags=re.M | re.S)
        assert not re.findall(r"^ {4,}(?:\.venv/bin/|make |dbt |duckdb |select ).*", text, re.M), (
            page
        )


@pytest.mark.parametrize(
    "place",
    range(len(DOCUMENTED)),
    ids=lambda place: re.sub(
        r"\W+",
        "_",
        f"{DOCUMENTED[place].page}-{DOCUMENTED[place].heading}-{DOCUMENTED[place].kind}",
    ),
)
def test_what_is_documented_works(
    project: Path, already: set[str], place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In order: a block may build upon what those before it on the same page have done."""
    block = DOCUMENTED[place]
    monkeypatch.chdir(project)
    _write_files(project, already, block)
    if block.kind == "python":
        _run(project, "python", "-c", block.text)
    elif block.kind == "sql":
        _query(project, block)
    else:
        before = [one for one in DOCUMENTED[:place] if one.page == block.page]
        headed = [one for one in before if one.heading == block.heading and one.kind == "bash"]
        exports = [line for one in headed for line in commands(one) if line[:7] == "export "]
        lines = [line for line in map(_runnable, commands(block)) if line]
        settings = "\n".join([*exports, *(line for line in lines if line[:7] == "export ")])
        new = [line for line in lines if line[:7] == "export " or settings + line not in already]
        _run_shell(project, [*exports, *new])
        already.update(settings + line for line in lines)


def _runnable(command: str) -> str | None:
    """The command, or what is run in its stead."""
    for beginning, instead, _ in OTHERWISE:
        # Variables that are set for one command come first.
        settings, name, rest = command.partition(beginning)
        if name and re.fullmatch(r"([A-Z_]+=\S+ )*", settings):
            return None if instead is None else settings + instead + rest
    return command


def _run_shell(project: Path, lines: list[str]) -> None:
    path = f"{project / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euxo", "pipefail", "-c", "\n".join(lines)],
        cwd=project,
        env={**_environment(), "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "does not match any enabled nodes" not in done.stdout + done.stderr


def _write_files(project: Path, already: set[str], block: Block) -> None:
    """The files that the page tells its reader to write before this block."""
    on_page = [one for one in ALL_BLOCKS if one.page == block.page]
    for one in on_page[: on_page.index(block)]:
        path = project / one.path
        if not one.path:
            continue
        if one.title.endswith(ADDED):
            text = path.read_text(encoding="utf-8")
            if one.text not in text:
                path.write_text(f"{text}{one.text}\n", encoding="utf-8")
                already.clear()
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{one.text}\n", encoding="utf-8")


def _query(project: Path, block: Block) -> None:
    """On the release, or on files that the block attaches itself."""
    if block.text.startswith("attach"):
        with duckdb.connect() as connection:
            connection.execute(block.text)
        return
    name = "work" if OF_THE_WORK_FILE.search(block.text) else "qualified_leads"
    with duckdb.connect(str(project / f"warehouse/{name}.duckdb"), read_only=True) as found:
        found.execute(block.text).fetchall()


def test_commands_that_are_not_run_are_there(project: Path) -> None:
    """Targets of make, options of scripts, and the query for the command line of DuckDB."""
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    shell = [block for block in ALL_BLOCKS if block.kind == "bash"]
    typed = [(bool(block.not_run), line) for block in shell for line in commands(block)]
    left_out = {line for not_run, line in typed if not_run or _runnable(line) is None}
    assert len(left_out) > len(OTHERWISE)
    for line in sorted(left_out):
        if line.startswith("make "):
            assert re.search(rf"^{line.split()[1]}:", makefile, re.MULTILINE), line
        elif line.startswith("duckdb ") and '"' in line:
            with duckdb.connect(str(project / line.split()[2]), read_only=True) as connection:
                connection.execute(line.split('"')[1]).fetchall()
        elif match := re.search(r"(scripts/\w+\.py) (\w+)?.*", line):
            _assert_has_options(project, [match[1]], re.findall(r"--[a-z-]+", line), match[2])


def test_the_table_of_commands_is_whole(project: Path) -> None:
    """Options that it names are there, and every target of make is in it."""
    text = (project / "docs/reference/commands.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|[^|]*`(scripts/\w+\.py) ?(\w+)?([^|]*\|.*)\|$", text, re.MULTILINE)
    assert len(rows) >= 10
    for script, subcommand, told in rows:
        options = re.findall(r"(--[a-z-]+)", told)
        _assert_has_options(
            project, [script], options, subcommand if subcommand.islower() else None
        )
    phony = re.search(r"^\.PHONY: (.*)$", (project / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert phony
    named = set(re.findall(r"`make ([\w-]+)`", text))
    assert set(phony[1].split()) - {"lint-sql", "lint-python", "lint-yaml", "lint-dbt"} <= named


def test_reference_pages_are_whole() -> None:
    """Every public table, every column of the raw contract and every seed has its row."""
    tables = (PROJECT / "docs/reference/tables.md").read_text(encoding="utf-8")
    folders = [PROJECT / "models" / schema for schema in ("marts", "reports")]
    public = {f"{folder.name}.{path.stem}" for folder in folders for path in folder.rglob("*.sql")}
    assert public == set(re.findall(r"^\| `([\w.]+)` \|", tables, re.MULTILINE))
    contract = (PROJECT / "docs/reference/raw-contract.md").read_text(encoding="utf-8")
    sources = yaml.safe_load((PROJECT / "models/staging/raw/_raw__sources.yml").read_text("utf-8"))
    for table in sources["sources"][0]["tables"]:
        columns = {column["name"]: column for column in table["columns"]}
        if "meta" not in table["config"]:
            continue  # rows that the loader itself writes
        section = contract.split(f"\n## {table['name']}\n")[1].split("\n## ")[0]
        listed = re.findall(r"^\| (\**)`(\w+)`\** \| ([^|]+) \|", section, re.MULTILINE)
        assert listed == [
            ("**" if _is_required(column) else "", name, column["data_type"])
            for name, column in columns.items()
            if not name.startswith("_")
        ]
    policy = (PROJECT / "docs/reference/policy.md").read_text(encoding="utf-8")
    for seed in (PROJECT / "seeds").glob("*.csv"):
        assert f"`{seed.stem}`" in policy, seed.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_is_there(page: Path) -> None:
    """Models, seeds, macros, and paths of files; an upgrade names tables that are gone, too."""
    before, _, after = page.read_text(encoding="utf-8").partition("## Tables that left the release")
    text = before + after.partition("\n## ")[2]
    models = {path.stem for path in (PROJECT / "models").rglob("*.sql")}
    named = re.findall(r"\b(?:stg|int|fct|dim|rpt|bridge)_\w*[a-z0-9]\b", text)
    assert {name.partition("__key_is_")[0] for name in named} <= models
    folders = "seeds|macros|models|scripts|mappings|examples|tests|docs"
    paths = re.findall(rf"(?<![\w/.-])(?:{folders})/[\w/.-]+\.(?:csv|sql|yml|py|md|txt)\b", text)
    assert [path for path in paths if not (PROJECT / path).exists()] == []


def _is_required(column: dict[str, Any]) -> bool:
    return bool(column.get("config", {}).get("meta", {}).get("is_required"))


def _assert_has_options(
    project: Path, script: list[str], options: list[str], subcommand: str | None
) -> None:
    known = _run(project, "python", *script, "--help")
    if subcommand and not set(options) <= set(re.findall(r"--[a-z-]+", known)):
        known += _run(project, "python", *script, subcommand, "--help")
    assert set(options) <= set(re.findall(r"--[a-z-]+", known)), script
