"""Measure on two workers how Spark's costs grow with the data: docs/scale.md."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from qualified_leads.console import make_console, run_command
from qualified_leads.paths import project_root
from team.bench.sample import bench_data, parse_sizes
from team.spark.scale import Phase, measure, measure_skewed, print_phases


def main(
    activities: Annotated[
        str, typer.Option(metavar="SIZES", help="Numbers of activities, such as 1M,10M.")
    ] = "1M,10M",
    directory: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where data stays for the next run.")
    ] = None,
    skewed: Annotated[
        bool,
        typer.Option("--skewed", help="Also with a hot lead and company."),
    ] = False,
) -> None:
    """Build each size in full and refresh it with a day; print totals and what grows how.

    Exit status: 0 done; 2 wrong use, no environment of Spark, or dbt failed.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # else the cluster would go on
    console = make_console()
    phases: list[Phase] = []
    place = (directory or project_root() / "target" / "bench").resolve()
    for size in parse_sizes(activities):
        for phase in measure(bench_data(place, size)):
            console.print(f"{phase.data.size}: {phase.name} {phase.seconds:,.0f} s")
            phases.append(phase)
    if skewed:
        phases.append(measure_skewed(phases[0].data))
    print_phases(phases, console)


if __name__ == "__main__":
    run_command(main)
