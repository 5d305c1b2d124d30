"""Load (optional), build, test and release the warehouse."""

from pathlib import Path
from typing import Annotated

import typer

from qualified_leads.console import make_console, run_command
from qualified_leads.paths import warehouse
from qualified_leads.refresh import RefreshOptions, parse_as_of, refresh


def main(
    source: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Directory of files to load first.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="TS", help="UTC timestamp that is 'now'; default: now.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Maps the files' columns onto the contract.")
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild every table from the lake.")
    ] = False,
    without_personal_data: Annotated[
        bool, typer.Option("--without-personal-data", help="Release without dim_leads.")
    ] = False,
    report: Annotated[
        bool, typer.Option("--report", help="Write report.html of the release, too.")
    ] = False,
) -> None:
    """Load DIR if given, build, test and release.

    Exit status: 0 done; 1 a test, guard or build failed, nothing released; 2 wrong use or unusable
    input, nothing changed; 75 another refresh is running.
    """
    options = RefreshOptions(
        source, mapping, parse_as_of(as_of), full_refresh, without_personal_data
    )
    console = make_console()
    made = refresh(options, warehouse(), console)
    if report:
        # Imported here: the charts' library takes a second, which other refreshes don't pay.
        from qualified_leads.report import report_release

        report_release(made.path, warehouse(), None, console)


if __name__ == "__main__":
    run_command(main)
