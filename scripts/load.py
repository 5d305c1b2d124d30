"""Land a directory of files in the raw lake: `load.py DIR [--mapping FILE]`."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from qualified_leads.console import printable, run_command
from qualified_leads.erase.forget import finish, is_unfinished
from qualified_leads.load.checks import REJECTED, UNREAD
from qualified_leads.load.land import load_directory
from qualified_leads.load.report import print_report
from qualified_leads.lock import warehouse_lock
from qualified_leads.paths import project_root, warehouse
from qualified_leads.refresh.dbt_run import files_written
from qualified_leads.refresh.guards import check_accepted, refuse_rejects
from qualified_leads.release.publish import WORK_NAME
from qualified_leads.version import check_version


def main(
    directory: Annotated[Path, typer.Argument(help="Directory of <table>.csv, .parquet, .jsonl.")],
    mapping: Annotated[
        Path | None, typer.Option(help="Mapping file that says how foreign files become tables.")
    ] = None,
    extracted_at: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="When the exports are of: a UTC time, the pattern of a date in their names"
            " (%Y-%m-%d), or `modified`; default: now.",
        ),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option(
            metavar="rejected[:TABLE]|unread",
            help="Land although many rows are rejected, or data beside is read by nobody.",
        ),
    ] = None,
) -> None:
    """Land files in $WAREHOUSE/raw; loading the same content twice changes nothing.

    Exit status: 0 done; 1 landed, and more rows are rejected than release_guards allows; 2 wrong
    use or unusable input, nothing landed; 75 another refresh is running.
    """
    accepted = tuple(accept or ())
    check_accepted(accepted, (REJECTED, UNREAD))
    errors = Console(stderr=True, highlight=False)
    target = warehouse()
    with warehouse_lock(target):
        check_version(target / WORK_NAME, project_root())
        if is_unfinished(target):
            finish(target, project_root() / "seeds", files_written(project_root()))
        report = load_directory(
            directory, target, mapping, errors, extracted_at=extracted_at, accepted=accepted
        )
    for warning in report.warnings:
        errors.print(Text(printable(f"warning: {warning}")), soft_wrap=True)
    # A log has no width: there the table is not folded to 80 columns.
    print_report(report, Console(highlight=False, width=None if sys.stdout.isatty() else 160))
    refuse_rejects(report, project_root(), accepted)


if __name__ == "__main__":
    run_command(main)
