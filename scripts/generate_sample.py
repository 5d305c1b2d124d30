"""Write made-up raw files: a year and a half of leads, activities, spend and sales outcomes."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from qualified_leads.console import run_command
from team.sample.generate import DEFAULT_END, generate

LONG_RUN = 2_000_000  # activities from which on a progress bar is worth its space


def main(
    out: Annotated[Path, typer.Option(help="Directory to write; an older sample is replaced.")],
    leads: Annotated[int, typer.Option(help="Number of leads.")] = 5_000,
    activities: Annotated[int, typer.Option(help="Number of activity rows.")] = 150_000,
    seed: Annotated[int, typer.Option(help="Same arguments, same bytes.")] = 1,
    end: Annotated[datetime, typer.Option(help="Last moment of the history, UTC.")] = DEFAULT_END,
) -> None:
    """Write the tables of the raw contract as CSV files (many activities as Parquet)."""
    columns = (TextColumn("Activities"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    disable = activities < LONG_RUN
    with Progress(*columns, console=Console(stderr=True), disable=disable) as bar:
        task = bar.add_task("activities", total=activities)
        rows = generate(
            leads, activities, seed, out, end, lambda done, _: bar.update(task, completed=done)
        )
    for table, count in rows.items():
        print(f"{table:<24}{count:>14,}")


if __name__ == "__main__":
    run_command(main)
