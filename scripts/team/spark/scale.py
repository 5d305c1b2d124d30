"""How Spark's costs grow with the data: full builds and a day's refresh of two sizes and more."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from qualified_leads.errors import UsageError
from qualified_leads.lake.files import lake
from qualified_leads.load.land import load_directory
from qualified_leads.paths import project_root
from qualified_leads.quoting import literal
from team.bench.sample import BenchData, fresh_warehouse, load_history, make_data
from team.spark import HOST
from team.spark.cluster import Cluster, Size, find_environment, running_cluster
from team.spark.events import Cost, read_costs

FULL, DAY, SKEWED = "full build", "day's refresh", "skewed"
SIZE = Size(memory="5g", driver_memory="3g", partitions=8)
WORTH_SHOWING = 15  # models, by the task seconds of the largest size


@dataclass(frozen=True)
class Phase:
    """One dbt build of a size: its seconds, and the costs of its nodes."""

    data: BenchData
    name: str
    seconds: float
    costs: dict[str, Cost]


def measure(data: BenchData) -> Iterator[Phase]:
    """Build the history of a size, then what a day brings. Raises UsageError where dbt fails."""
    make_data(data)
    load_history(data)
    fresh_warehouse(data)
    directory = data.directory / "spark"
    shutil.rmtree(directory, ignore_errors=True)
    with running_cluster(directory, SIZE) as cluster:
        yield _build(data, cluster, FULL, str(data.before))
        load_directory(data.day, data.warehouse)
        yield _build(data, cluster, DAY, str(data.after))


def measure_skewed(data: BenchData) -> Phase:
    """Build the history with a tenth of the activities at one lead, of the leads at one company."""
    make_data(data)
    load_history(data)
    fresh_warehouse(data)
    for table, key, column in (
        ("activities", "activity_id", "lead_id"),
        ("leads", "lead_id", "company_domain"),
    ):
        _skew(lake(data.warehouse) / table, key, column)
    directory = data.directory / "spark"
    shutil.rmtree(directory, ignore_errors=True)
    with running_cluster(directory, SIZE) as cluster:
        return _build(data, cluster, SKEWED, str(data.before))


def _skew(directory: Path, key: str, column: str) -> None:
    """Give a tenth of the rows of each file, by their key, the column's least value."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for path in sorted(directory.glob("*.parquet")):
            rows = f"read_parquet({literal(str(path))})"
            connection.execute(
                f"create or replace temp table skewed as select * replace (case when"
                f" hash({key}) % 10 = 0 then (select min({column}) from {rows})"
                f" else {column} end as {column}) from {rows}"
            )
            path.unlink()  # a link to the history's
            connection.execute(f"copy skewed to {literal(str(path))} (format parquet)")


def _build(data: BenchData, cluster: Cluster, name: str, as_of: str) -> Phase:
    dbt = find_environment(project_root()) / "bin" / "dbt"
    left_out = ("test", "unit_test", "exposure")
    command = [str(dbt), "build", "--target", "spark", "--vars", f"{{as_of: '{as_of}'}}"]
    for kind in left_out:
        command += ["--exclude-resource-type", kind]
    environment = os.environ | {
        "SPARK_HOST": HOST,
        "SPARK_PORT": str(cluster.port),
        "SPARK_LAKE": str(lake(data.warehouse)),
        "DBT_TARGET_PATH": str(data.directory / "spark" / "target"),
        "DBT_LOG_PATH": str(data.directory / "spark" / "logs"),
    }
    began, started = int(time.time() * 1000), time.monotonic()
    done = subprocess.run(
        command, cwd=project_root(), env=environment, capture_output=True, text=True
    )
    seconds = time.monotonic() - started
    if done.returncode:
        failed = re.findall(r"ERROR creating .*", done.stdout)
        raise UsageError(f"{name} of {data.size} failed: {'; '.join(failed) or done.stdout[-500:]}")
    return Phase(data, name, seconds, read_costs(cluster.events, began))


def print_phases(phases: list[Phase], console: Console) -> None:
    """Totals of each build, then the models that cost most, and how they grow."""
    table = Table("activities", "build", "s", "task s", "shuffled MB", "spilled MB", "rows, M")
    for phase in phases:
        costs = phase.costs.values()
        table.add_row(
            phase.data.size,
            phase.name,
            f"{phase.seconds:,.0f}",
            f"{sum(cost.seconds for cost in costs):,.0f}",
            f"{sum(cost.shuffled for cost in costs) / 1e6:,.0f}",
            f"{sum(cost.spilled for cost in costs) / 1e6:,.0f}",
            f"{sum(cost.rows for cost in costs) / 1e6:,.1f}",
        )
    console.print(table)
    full = [phase for phase in phases if phase.name == FULL]
    if len(full) > 1:
        console.print(_growth(full[0], full[-1]))
    for phase in phases:
        if phase.name == SKEWED:
            alike = [one for one in full if one.data == phase.data]
            console.print(_growth(alike[0], phase))


def _growth(small: Phase, large: Phase) -> Table:
    """Of models, by task seconds: bytes shuffled and rows read, large over small."""
    times = large.data.activities / small.data.activities
    table = Table("model", "task s", "shuffled MB", "shuffled x", "rows x", "largest task, rows")
    table.title = f"{large.name} of {large.data.size} over {small.data.size}"
    named = sorted(large.costs.items(), key=lambda item: -item[1].seconds)
    for name, cost in named:
        before = small.costs.get(name, Cost())
        shuffled = cost.shuffled / before.shuffled if before.shuffled else 0.0
        rows = cost.rows / before.rows if before.rows else 0.0
        is_steep = cost.shuffled > 1e6 and max(shuffled, rows) > 1.2 * times
        if table.row_count < WORTH_SHOWING or is_steep:
            table.add_row(
                name,
                f"{cost.seconds:,.1f}",
                f"{cost.shuffled / 1e6:,.1f}",
                f"{shuffled:.1f}",
                f"{rows:.1f}",
                f"{cost.largest:,}",
            )
    return table
