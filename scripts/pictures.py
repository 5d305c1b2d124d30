"""Make the pictures of the README from the last release and dbt's manifest."""

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from qualified_leads.console import make_console, run_command
from qualified_leads.paths import project_root, warehouse
from qualified_leads.report.build import report_release
from team.pictures.draw import make_pictures


def main(
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Default: docs.")] = None,
) -> None:
    """Write report.png and models.svg.

    Exit status: 0 done; 2 no release, no manifest (dbt parse writes it) or no chromium.
    """
    root, console = project_root(), make_console()
    manifest = Path(os.environ.get("DBT_TARGET_PATH", root / "target")) / "manifest.json"
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "report.html"
        report_release(None, warehouse(), report, console)
        for path in make_pictures(manifest, report, out or root / "docs"):
            console.print(f"{path}: {path.stat().st_size:,} bytes", soft_wrap=True)


if __name__ == "__main__":
    run_command(main)
