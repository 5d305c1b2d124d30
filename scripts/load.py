"""Land a directory of files in the raw lake: `load.py DIR [--mapping FILE]`."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from qualified_leads.errors import UsageError
from qualified_leads.load_report import print_report
from qualified_leads.loader import load_directory
from qualified_leads.lock import WarehouseBusyError, warehouse_lock
from qualified_leads.paths import warehouse


def main(
    directory: Annotated[Path, typer.Argument(help="Directory of <table>.csv, .parquet, .jsonl.")],
    mapping: Annotated[
        Path | None, typer.Option(help="Mapping file that says how foreign files become tables.")
    ] = None,
) -> None:
    """Land files in $WAREHOUSE/raw; loading the same content twice changes nothing."""
    errors = Console(stderr=True, highlight=False)
    target = warehouse()
    try:
        with warehouse_lock(target):
            report = load_directory(directory, target, mapping, console=errors)
    except (UsageError, WarehouseBusyError) as error:
        errors.print(Text(str(error)), soft_wrap=True)
        raise typer.Exit(error.exit_status) from None
    for warning in report.warnings:
        errors.print(Text(f"warning: {warning}"), soft_wrap=True)
    # A log has no width: there the table is not folded to 80 columns.
    width = None if sys.stdout.isatty() else 160
    print_report(report, Console(highlight=False, width=width))


if __name__ == "__main__":
    typer.run(main)
