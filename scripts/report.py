"""Write the Monday report of a release as one HTML file."""

from pathlib import Path
from typing import Annotated

import typer

from qualified_leads.console import make_console, run_command
from qualified_leads.paths import warehouse
from qualified_leads.report.build import report_release


def main(
    release: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A release; default: the linked one.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Default: report.html in the warehouse.")
    ] = None,
) -> None:
    """Write the report, which opens in any browser without a network.

    Exit status: 0 done; 1 the file could not be written; 2 there is no usable release.
    """
    report_release(release, warehouse(), out, make_console())


if __name__ == "__main__":
    run_command(main)
