"""Measure builds and refreshes of samples of several sizes against bare SQL."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from qualified_leads.console import make_console, run_command
from qualified_leads.lock import warehouse_lock
from qualified_leads.paths import project_root
from team.bench.measure import Measured, Phase, measure
from team.bench.report import print_nodes, print_report, write_json
from team.bench.sample import BenchData, bench_data, load_history, make_data, parse_sizes


def main(
    activities: Annotated[
        str, typer.Option(help="Sizes of the history; a hundredth of it are leads.")
    ] = "1M,10M",
    directory: Annotated[
        Path, typer.Option("--dir", help="Where samples and warehouses stay for the next run.")
    ] = Path("target/bench"),
    nodes: Annotated[int, typer.Option(min=0, help="Slowest nodes to list for each phase.")] = 10,
    memory_limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help="DuckDB's memory limit, such as 12GB.")
    ] = None,
    full_only: Annotated[
        bool, typer.Option("--full-only", help="Leave the refreshes out.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with a second full build at the end.")
    ] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Write all figures to FILE.")
    ] = None,
) -> None:
    """Build each size in full, refresh with one more day, then with nothing new; print ratios."""
    sizes = [bench_data(directory.resolve(), size) for size in parse_sizes(activities)]
    console = make_console()
    measured: list[Measured] = []
    try:
        for data in sizes:
            with warehouse_lock(data.directory):
                prepare(data, console)
                show = shown_by(console, data)
                one = measure(project_root(), data, memory_limit, show, full_only, check)
            measured.append(one)
            if json_file is not None:
                write_json(measured, json_file)
            if nodes:
                print_nodes(one, console, nodes)
    finally:
        if measured:
            print_report(measured, console)


def prepare(data: BenchData, console: Console) -> None:
    """Generate and load what is not there yet."""
    columns = (TextColumn("Activities"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("activities", total=data.activities)
        started = time.perf_counter()
        if make_data(data, lambda done, _: bar.update(task, completed=done)):
            seconds = time.perf_counter() - started
            console.print(f"{data.size}: sample written in {seconds:,.1f} s")
    started = time.perf_counter()
    if load_history(data):
        console.print(f"{data.size}: history loaded in {time.perf_counter() - started:,.1f} s")


def shown_by(console: Console, data: BenchData) -> Callable[[Phase], None]:
    """Return what prints a line for each phase that has ended."""
    return lambda phase: console.print(f"{data.size}: {phase.name} {phase.seconds:,.1f} s")


if __name__ == "__main__":
    run_command(main)
