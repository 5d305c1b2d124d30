"""Rebuild the seeds of free, disposable and public suffix domains from pinned packages."""

from pathlib import Path
from typing import Annotated

import typer

from team.lists.domains import DomainListError, build_domain_seeds

DEFAULT_SEEDS = Path(__file__).resolve().parents[1] / "seeds"


def main(
    seeds: Annotated[
        Path, typer.Argument(help="Directory to write to.", exists=True, file_okay=False)
    ] = DEFAULT_SEEDS,
) -> None:
    """Write free_email_domains, disposable_email_domains and public_suffixes as CSV."""
    try:
        counts = build_domain_seeds(seeds)
    except DomainListError as error:
        typer.echo(f"build_domain_lists: {error}", err=True)
        raise typer.Exit(2) from None
    for name, count in counts.items():
        typer.echo(f"{name}: {count} rows")


if __name__ == "__main__":
    typer.run(main)
