"""The parts of the benchmark that can be wrong without a clock: its data, ratios and tables."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from rich.console import Console

from qualified_leads.errors import UsageError
from qualified_leads.refresh.dbt_run import NodeEvent
from team.bench import sample as bench_sample
from team.bench.check import differing_tables
from team.bench.floor import build_core, read_rules
from team.bench.measure import DAY, EMPTY, FULL, HOUR, Clock, Floor, Measured, Phase, seconds_by_tag
from team.bench.report import as_json, node_table, print_report, write_json
from team.bench.sample import bench_data, format_size, make_data, parse_sizes
from team.sample.generate import SampleError, generate
from team.sample.later import Later, choose_owners, thin
from team.sample.write import contract_columns

END = datetime(2026, 7, 1)
SINCE = datetime(2026, 6, 21)
UNKNOWN_LEAD = "L9"  # dirt: activities and others of a lead that never came
KEYED = ("lead_id", "domain")


def read(folder: Path, table: str) -> list[tuple]:
    """Return the rows of a CSV file as texts, none where there is no file."""
    path = folder / f"{table}.csv"
    if not path.exists():
        return []
    with duckdb.connect() as db:
        query = f"select * from read_csv('{path}', header = true, all_varchar = true)"
        return db.execute(query).fetchall()


def column(folder: Path, table: str, name: str) -> list[str]:
    place = contract_columns()[table].index(name)
    return [row[place] for row in read(folder, table)]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the same sample whole, and split into history and day."""
    folder = tmp_path_factory.mktemp("samples")
    generate(300, 6_000, 7, folder / "whole", END)
    generate(300, 6_000, 7, folder / "history", END, later=Later(folder / "day", SINCE))
    return folder


@pytest.mark.parametrize("table", contract_columns())
def test_history_and_day_are_the_whole(samples: Path, table: str) -> None:
    history, day = read(samples / "history", table), read(samples / "day", table)
    by_text = lambda rows: sorted(map(repr, rows))  # noqa: E731
    assert by_text(history + day) == by_text(read(samples / "whole", table))


def test_day_is_what_was_exported_last(samples: Path) -> None:
    for table in contract_columns():
        before = [t for t in column(samples / "history", table, "_loaded_at") if t]
        assert max(before) < str(SINCE), table
        assert min(column(samples / "day", table, "_loaded_at"), default="9") >= str(SINCE), table
    happened = column(samples / "day", "activities", "occurred_at")
    assert any(at < str(SINCE) for at in happened)  # some of it is late
    assert sum(at >= str(SINCE) for at in happened) > len(happened) / 2


def test_leads_of_the_day_exist(samples: Path) -> None:
    known = {*column(samples / "history", "leads", "lead_id")}
    new = {*column(samples / "day", "leads", "lead_id")}
    active = {*column(samples / "day", "activities", "lead_id")}
    assert new - known
    assert not {lead for lead in active - known - new if not lead.startswith(UNKNOWN_LEAD)}


def test_leads_of_a_thinned_day_keep_all_their_rows(samples: Path, tmp_path: Path) -> None:
    generate(300, 6_000, 7, tmp_path / "history", END, later=Later(tmp_path / "day", SINCE, 200))
    kept = {*column(tmp_path / "day", "activities", "lead_id")}
    for table in ("activities", "leads", "consents", "lead_attributes"):
        place = contract_columns()[table].index("lead_id")
        rows = read(samples / "day", table)
        assert [r for r in rows if r[place] in kept] == [
            r for r in read(tmp_path / "day", table) if r[place] in kept
        ]
    leads = {*column(tmp_path / "history", "leads", "lead_id")}
    leads |= {*column(tmp_path / "day", "leads", "lead_id")}
    assert not {lead for lead in kept - leads if not lead.startswith(UNKNOWN_LEAD)}


def test_each_size_has_the_same_number_of_rows_in_its_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_sample, "ACTIVITIES_OF_A_DAY", 20_000)
    counts = []
    for size in (5_000, 20_000, 40_000):
        data = bench_data(tmp_path, size)
        assert make_data(data, day_rows=40)
        assert not make_data(data)
        owned = [t for t, names in contract_columns().items() if {*KEYED} & {*names}]
        counts.append(sum(len(read(data.day, table)) for table in owned))
    assert counts == [40, 40, 40]


def test_day_must_not_replace_files_of_others(tmp_path: Path) -> None:
    (tmp_path / "day").mkdir()
    (tmp_path / "day" / "notes.txt").touch()
    with pytest.raises(SampleError):
        generate(10, 100, 1, tmp_path / "history", END, later=Later(tmp_path / "day", SINCE))
    assert not (tmp_path / "history").exists()


def test_thinning_counts_leads_and_domains_and_leaves_the_rest() -> None:
    tables = {
        "activities": pa.table({"lead_id": ["a", "a", "b", None, "c"]}),
        "companies": pa.table({"domain": ["x.com", "y.com"]}),
        "spend": pa.table({"spend_id": ["1", "2", "3"]}),
    }
    kept = thin(tables, 4)
    assert len(kept["activities"]) + len(kept["companies"]) == 4
    assert kept["spend"] == tables["spend"]
    assert thin(tables, 100) == tables
    assert [len(t) for t in thin(tables, 0).values()] == [0, 0, 3]


def test_owners_fill_the_room_exactly_where_they_can() -> None:
    sizes = {f"L{n}": 1 + n % 7 for n in range(100)}
    for rows in (0, 1, 50, 300):
        assert sum(sizes[name] for name in choose_owners(sizes, rows)) == rows
    assert choose_owners({"a": 5}, 4) == []


@pytest.mark.parametrize(
    ("text", "sizes"), [("1M,10M", [1_000_000, 10_000_000]), (" 500k ", [500_000]), ("7", [7])]
)
def test_sizes_are_read_and_written(text: str, sizes: list[int]) -> None:
    assert parse_sizes(text) == sizes
    assert parse_sizes(",".join(map(format_size, sizes))) == sizes


@pytest.mark.parametrize("text", ["", "1G", "0", "1M,", "-5", "1.5M"])
def test_other_sizes_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_sizes(text)


def test_a_day_is_longer_where_the_history_is_small(tmp_path: Path) -> None:
    days = {size: (END - bench_data(tmp_path, size).before).days for size in (10**6, 10**7, 10**8)}
    assert days == {10**6: 10, 10**7: 1, 10**8: 1}


def phase(name: str, seconds: float) -> Phase:
    return Phase(
        name=name,
        seconds=seconds,
        startup_seconds=4.0,
        end_seconds=1.0,
        cpu_seconds=seconds * 1.5,
        seconds_by_node={"fast": 1.0, "slow": 3.0},
        peak_memory_bytes=2**30,
        work_bytes=200,
        loaded_rows=20_000 if name == DAY else 0,
        load_seconds=0.5,
        release_seconds=0.25,
        leads_affected=None if name == FULL else 1_234,
    )


def measured(activities: int, full: float, day: float) -> Measured:
    seconds = {FULL: full, DAY: day, EMPTY: 6.0, HOUR: 6.5}
    phases = {name: phase(name, value) for name, value in seconds.items()}
    return Measured(activities, Floor(2.0, 3.0, 4.0, 6.0, activities - 1), 100, phases)


def test_ratios() -> None:
    one = measured(10**7, 60.0, 9.0)
    assert one.over_floor(FULL) == one.cpu_over_floor(FULL) == 30
    assert one.over_core(FULL) == 15
    assert one.over_full_build(DAY) == pytest.approx(9 / 60)
    assert one.less_startup(DAY) == 4
    assert one.over_empty(DAY) == 3
    assert one.work_over_lake == 2
    assert one.phases[DAY].sum_seconds == 4


def test_seconds_of_a_tag_are_those_of_its_models_and_of_tests_that_read_one(
    tmp_path: Path,
) -> None:
    def node(name: str, kind: str, tags: list[str], *reads: str) -> dict[str, object]:
        return {
            "name": name,
            "resource_type": kind,
            "tags": tags,
            "depends_on": {"nodes": list(reads)},
        }

    nodes = {
        "m.core": node("core", "model", []),
        "m.queue": node("queue", "model", ["decisions"], "m.core"),
        "m.credits": node("credits", "model", ["attribution"], "m.core"),
        "t.queue": node("queue_key", "test", [], "m.queue", "m.core"),
        "t.core": node("core_key", "test", [], "m.core"),
    }
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"nodes": nodes}))
    # 4 s of the core, 2.5 of the queue and its test, 1.5 of the credits: 4 / 4
    seconds = {"core": 3.0, "core_key": 1.0, "queue": 2.0, "queue_key": 0.5, "credits": 1.5}
    besides = seconds_by_tag(manifest, seconds)
    assert besides == {"attribution": 1.5, "decisions": 2.5}
    both = replace(phase(FULL, 9.0), seconds_by_node=seconds, seconds_besides=besides)
    assert both.besides_over_core == 1.0


def test_clock_tells_start_and_end_from_the_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([10.0, 14.0, 15.0, 19.0])
    monkeypatch.setattr("team.bench.measure.time.perf_counter", lambda: next(times))
    clock = Clock(started=next(times))
    for status in ("started", "started", "success"):
        clock.on_event(NodeEvent("x", "model", status, 0.0, 0, 1))
    assert (clock.started, clock.first_node, clock.last_node) == (10.0, 14.0, 19.0)


def printed(sizes: list[Measured]) -> dict[str, list[str]]:
    """Return the cells of each line of the report by its label, the first of a label."""
    console = Console(width=120, no_color=True, highlight=False, markup=False)
    with console.capture() as capture:
        print_report(sizes, console)
    lines: dict[str, list[str]] = {}
    for line in capture.get().splitlines():
        label, *cells = [part.strip() for part in line.split("  ") if part.strip()] or [""]
        lines.setdefault(label, cells)
    return lines


def test_report_has_a_column_per_size_and_ratios_between_them() -> None:
    lines = printed([measured(10**7, 60.0, 9.0), measured(10**8, 600.0, 11.0)])
    assert lines["full build"] == ["60.0", "600.0"]
    assert lines["/ floor"] == ["30.0", "300.0"]
    assert lines["/ full build"] == ["1/6.7", "1/54.5"]
    assert lines["leads recomputed"] == ["1,234", "1,234"]
    assert lines["day's refresh less dbt's start and end"] == ["1.50"]
    assert lines["day's refresh less one with nothing new"] == ["1.67"]


def test_report_says_what_is_unknown() -> None:
    one = measured(10**6, 60.0, 9.0)
    unknown = {n: replace(p, leads_affected=None) for n, p in one.phases.items()}
    lines = printed([replace(one, phases=unknown)])
    assert lines["leads recomputed"] == ["–"]
    assert not any("more history" in label for label in lines)


def test_report_of_full_builds_alone() -> None:
    sizes = [measured(10**7, 60.0, 9.0), measured(10**8, 600.0, 11.0)]
    only = [replace(one, phases={FULL: one.phases[FULL]}) for one in sizes]
    lines = printed(only)
    assert lines["full build"] == ["60.0", "600.0"]
    assert lines["day's refresh"] == ["–"]  # as a ratio between the sizes
    mixed = printed([sizes[0], only[1]])
    assert mixed["day's refresh"] == ["9.0"]
    assert as_json(only)["growth"][0][DAY] is None


def test_report_names_tables_that_differ_from_a_full_build() -> None:
    one = measured(10**6, 60.0, 9.0)
    lines = printed([replace(one, differing_tables=["marts.fct_leads"])])
    assert "1M: tables that differ from a full build: marts.fct_leads" in lines
    assert "1M: tables that differ from a full build: none" in printed(
        [replace(one, differing_tables=[])]
    )


def make_release(path: Path, rows: str) -> Path:
    with duckdb.connect(str(path)) as db:
        db.execute("create schema marts; create schema reports")
        db.execute(f"create table marts.fct as from (values {rows}) as rows (lead_id, score)")
        db.execute("alter table marts.fct alter score type double")
        db.execute("create table reports.rpt as select 1::double as total")
    return path


@pytest.mark.parametrize(
    ("rows", "differing"),
    [
        ("('b', 2.5), ('a', 1.0000000000001)", []),  # order and last digits
        ("('a', 2.5), ('b', 1)", ["marts.fct"]),
        ("('a', 1), ('b', 2.6)", ["marts.fct"]),
        ("('a', 1), ('c', 2.5)", ["marts.fct"]),
        ("('a', 1), ('b', 2.5), ('b', 2.5)", ["marts.fct"]),
        ("('a', 1), ('b', null)", ["marts.fct"]),
    ],
)
def test_releases_are_compared_whole(tmp_path: Path, rows: str, differing: list[str]) -> None:
    one = make_release(tmp_path / "one.duckdb", "('a', 1), ('b', 2.5)")
    other = make_release(tmp_path / "other.duckdb", rows)
    assert differing_tables(one, other) == differing


def test_slowest_nodes_come_first() -> None:
    table = node_table(phase(FULL, 60.0), 2.0, 1)
    assert [list(column.cells) for column in table.columns] == [
        ["slow"],
        ["3.00"],
        ["75.0%"],
        ["1.5"],
    ]


def test_json_holds_figures_and_ratios(tmp_path: Path) -> None:
    sizes = [measured(10**7, 60.0, 9.0), measured(10**8, 600.0, 11.0)]
    write_json(sizes, tmp_path / "figures.json")
    found = json.loads((tmp_path / "figures.json").read_text())
    assert found == as_json(sizes)
    assert found["sizes"][1]["phases"][FULL]["over_floor"] == 300
    assert found["sizes"][0]["phases"][DAY]["seconds_by_node"] == {"fast": 1.0, "slow": 3.0}
    assert found["growth"][0]["day's refresh less dbt's start and end"] == 1.5


def test_the_core_by_hand_is_what_the_models_come_to(tmp_path: Path) -> None:
    """8 points of half-life 30 days are 4 at the visit of 10 points and 2 a month after."""
    rules = tmp_path / "rules.csv"
    rules.write_text(
        "activity_type,score_group,points,half_life_days,is_touch,valid_from,valid_to\n"
        "read,web,8,30,false,,\nvisit,web,10,,true,,\n"
    )
    with duckdb.connect() as connection:
        connection.execute(
            """
            copy (
                select
                    * replace (cast(occurred_at as timestamp) as occurred_at),
                    null as campaign_id,
                    timestamp '2024-03-01' as _loaded_at,
                    timestamp '2024-03-02' as _landed_at
                from (
                    values
                        ('a1', 'L1', ' Read', '2024-01-01'),
                        ('a2', 'L1', 'visit', '2024-01-31'),
                        ('a2', 'L1', 'visit', '2024-01-31'),
                        ('a3', 'L1', 'visit', '2024-06-01')
                ) as rows (activity_id, lead_id, activity_type, occurred_at)
            ) to '"""
            + str(tmp_path / "activities.parquet")
            + "'"
        )
        parameters = {
            "as_of": datetime(2024, 3, 1),
            "activities": str(tmp_path / "*.parquet"),
            "rules": str(rules),
        }
        read_rules(connection, parameters)
        build_core(connection, parameters)
        found = connection.execute("select score_date, score from history order by 1").fetchall()
        assert [(str(day), round(score, 9)) for day, score in found] == [
            ("2024-01-01", 8),
            ("2024-01-31", 14),
        ]
        assert connection.execute("select points_1, points_2 from scores").fetchall() == [(2, 10)]
        assert connection.execute("select activity_id, touch_number from touches").fetchall() == [
            ("a2", 1)
        ]
