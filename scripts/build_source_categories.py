"""Rebuild the seed source_categories from Velir's list of traffic sources."""

from pathlib import Path
from typing import Annotated

import typer

from team.lists.source_categories import SourceListError, build_source_categories

DEFAULT_SEEDS = Path(__file__).resolve().parents[1] / "seeds"


def main(
    source_list: Annotated[
        Path, typer.Argument(help="ga4_source_categories.csv of Velir's dbt-ga4.", dir_okay=False)
    ],
    seeds: Annotated[
        Path, typer.Argument(help="Directory to write to.", exists=True, file_okay=False)
    ] = DEFAULT_SEEDS,
) -> None:
    """Write source_categories as CSV."""
    try:
        count = build_source_categories(source_list, seeds)
    except SourceListError as error:
        typer.echo(f"build_source_categories: {error}", err=True)
        raise typer.Exit(2) from None
    typer.echo(f"source_categories: {count} rows")


if __name__ == "__main__":
    typer.run(main)
