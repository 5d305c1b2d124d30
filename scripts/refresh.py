"""Load (optional), build, test and release the warehouse."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from qualified_leads.console import make_console, run_command
from qualified_leads.paths import warehouse
from qualified_leads.refresh.job import RefreshOptions, parse_as_of, refresh
from qualified_leads.refresh.json_log import JsonLog


class LogFormat(StrEnum):
    """How a refresh tells what it does."""

    text = "text"
    json = "json"


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
    extracted_at: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="When the exports in DIR are of; see load.py --help."),
    ] = None,
    full_refresh: Annotated[
        bool, typer.Option("--full-refresh", help="Rebuild every table from the lake.")
    ] = False,
    test_all: Annotated[
        bool, typer.Option("--test-all", help="Test all rows, not only what has changed.")
    ] = False,
    without_personal_data: Annotated[
        bool, typer.Option("--without-personal-data", help="Release without dim_leads.")
    ] = False,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GUARD[:TABLE]", help="Go on although this guard would stop it, this once."
        ),
    ] = None,
    log_format: Annotated[
        LogFormat, typer.Option(help="json: one object per line, for a scheduler.")
    ] = LogFormat.text,
    report: Annotated[
        bool, typer.Option("--report", help="Write report.html of the release, too.")
    ] = False,
) -> None:
    """Load DIR if given, build, test and release.

    Exit status: 0 done; 1 a test, guard or build failed, nothing released; 2 wrong use or unusable
    input, nothing changed; 75 another refresh is running.
    """
    options = RefreshOptions(
        source,
        mapping,
        parse_as_of(as_of),
        full_refresh,
        test_all,
        without_personal_data,
        tuple(accept or ()),
        extracted_at,
    )
    console = make_console()
    log = JsonLog() if log_format is LogFormat.json else None
    made = refresh(options, warehouse(), console, log=log)
    if report:
        # Imported here: the charts' library takes a second, which other refreshes don't pay.
        from qualified_leads.report.build import report_release

        # Between lines of JSON a scheduler expects nothing else.
        quiet = Console(quiet=True)
        report_release(made.path, warehouse(), None, console if log is None else quiet)


if __name__ == "__main__":
    run_command(main)
