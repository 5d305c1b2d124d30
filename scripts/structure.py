"""Figures of the project's structure against their limits, from dbt's parsed manifest."""

from pathlib import Path
from typing import Annotated

import typer

from qualified_leads.console import make_console, run_command
from qualified_leads.paths import project_root
from team.structure import measure


def main(
    manifest: Annotated[
        Path | None, typer.Argument(help="Default: that of `make lint`, in target/test.")
    ] = None,
) -> None:
    """Print each figure beside its limit.

    Exit status: 0 all are within their limits; 1 one is not; 2 there is no manifest.
    """
    console = make_console()
    found = measure(manifest or project_root() / "target" / "test" / "manifest.json")
    for figure in found:
        is_past = "  past its limit" if figure.is_past else ""
        console.print(f"{figure.value:>8g} of {figure.limit:<6g}{figure.name}{is_past}")
    if any(figure.is_past for figure in found):
        raise typer.Exit(1)


if __name__ == "__main__":
    run_command(main)
