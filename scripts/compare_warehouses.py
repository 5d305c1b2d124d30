"""Compare the public tables of two work files or releases, row for row."""

from pathlib import Path
from typing import Annotated

import typer

from qualified_leads.console import make_console, run_command
from qualified_leads.release.comparison import compare


def main(
    left: Annotated[Path, typer.Argument(metavar="LEFT", help="work.duckdb, or a release.")],
    right: Annotated[Path, typer.Argument(metavar="RIGHT", help="Another one.")],
) -> None:
    """Print for each public table that differs the rows that one side alone has.

    Columns and tables that one side alone has are named and are no difference.

    Exit status: 0 all tables that both have hold the same rows; 1 some differ; 2 wrong use.
    """
    console, found = make_console(), compare(left, right)
    for name, tables in (("left", found.only_left), ("right", found.only_right)):
        for table in tables:
            console.print(f"{'.'.join(table)}: only {name}", soft_wrap=True)
    for one in found.tables:
        if one.is_different:
            console.print(
                f"{'.'.join(one.table)}: {one.only_left:,} rows only left,"
                f" {one.only_right:,} only right",
                soft_wrap=True,
            )
        if one.columns:
            console.print(
                f"{'.'.join(one.table)}: not on both sides: {', '.join(one.columns)}",
                soft_wrap=True,
            )
    console.print(
        f"{len(found.tables)} tables compared, {sum(t.is_different for t in found.tables)} differ"
    )
    if found.is_different:
        raise typer.Exit(1)


if __name__ == "__main__":
    run_command(main)
