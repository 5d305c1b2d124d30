"""Forget a person who asked for it: `erase.py --lead-id ID --email ADDRESS`."""

from typing import Annotated

import typer

from qualified_leads.console import make_console, run_command
from qualified_leads.dbt_run import log_directory, target_directory
from qualified_leads.erase import erase
from qualified_leads.errors import UsageError
from qualified_leads.lock import warehouse_lock
from qualified_leads.paths import project_root, warehouse
from qualified_leads.release import WORK_NAME
from qualified_leads.version import check_version


def main(
    lead_id: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A lead of the person; may be repeated.")
    ] = None,
    email: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="An address; may be repeated.")
    ] = None,
) -> None:
    """Take a person out of lake, work file, releases, exports, rejects and logs; the counts stay.

    Leads that merges or addresses join to it are the same person's and go too. Sources that send
    the person again bring nothing back. The next refresh builds in full.

    Exit status: 0 done, also where nobody was found; 2 wrong use; 75 a refresh or an export
    is running.
    """
    wanted = [*(lead_id or []), *(email or [])]
    if not wanted or not all(text.strip() for text in wanted):
        raise UsageError("say who: --lead-id ID, --email ADDRESS, or both")
    target, project, console = warehouse(), project_root(), make_console()
    if not target.exists():
        raise UsageError(f"there is no warehouse at {target}")
    with warehouse_lock(target):
        check_version(target / WORK_NAME, project)
        logs = [log_directory(project), target_directory(project)]
        report = erase(target, lead_id or [], email or [], project / "seeds", logs)
    console.print(f"{report.leads:,} leads erased; suppressed from now on")
    for table, count in sorted(report.rows.items()):
        console.print(f"{table}: {count:,} rows rewritten")
    if report.files_removed:
        console.print(f"{report.files_removed:,} log files deleted")
    console.print("Releases and exports were rewritten; run scripts/refresh.py to build in full.")


if __name__ == "__main__":
    run_command(main)
