"""Measure a full build against the least that any engine has to do."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from qualified_leads.bench import measure, print_measured
from qualified_leads.console import build_progress, make_console, run_command
from qualified_leads.paths import project_root
from qualified_leads.refresh import parse_as_of


def main(
    leads: Annotated[int, typer.Option(min=1, help="Leads of the sample.")] = 100_000,
    activities: Annotated[int, typer.Option(min=1, help="Activities of the sample.")] = 10_000_000,
    directory: Annotated[
        Path, typer.Option("--dir", help="Where sample and warehouse stay for the next run.")
    ] = Path("target/bench"),
    as_of: Annotated[str, typer.Option(metavar="TS", help="UTC timestamp that is 'now'.")] = (
        "2026-07-01 00:00:00"
    ),
) -> None:
    """Generate or reuse a sample, build it in full, print times per node and ratios."""
    moment = parse_as_of(as_of)
    assert moment is not None
    place = directory.resolve() / f"{leads}-{activities}"
    sample = place / "sample"
    if not sample.exists():
        unfinished = place / "sample.new"
        generator = [sys.executable, str(project_root() / "scripts" / "generate_sample.py")]
        size = ["--leads", str(leads), "--activities", str(activities), "--seed", "1"]
        subprocess.run([*generator, *size, "--out", str(unfinished)], check=True)
        unfinished.rename(sample)
    console = make_console()
    with build_progress(console) as on_event:
        measured = measure(project_root(), sample, place / "warehouse", moment, on_event)
    print_measured(measured, console)


if __name__ == "__main__":
    run_command(main)
