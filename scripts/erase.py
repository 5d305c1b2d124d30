"""Forget a person who asked for it: `erase.py --lead-id ID --email ADDRESS`."""

import sys
from collections import Counter
from typing import Annotated

import typer

from qualified_leads.console import make_console, printable, run_command
from qualified_leads.erase.forget import erase
from qualified_leads.errors import UsageError
from qualified_leads.lock import warehouse_lock
from qualified_leads.paths import project_root, warehouse
from qualified_leads.refresh.dbt_run import files_written
from qualified_leads.release.publish import WORK_NAME
from qualified_leads.version import check_version


def main(
    lead_id: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A lead of the person; may be repeated.")
    ] = None,
    email: Annotated[
        list[str] | None, typer.Option(metavar="ADDRESS", help="An address; may be repeated.")
    ] = None,
    dry_run: Annotated[
        bool | None,
        typer.Option("--dry-run/--no-dry-run", help="Only count; on a terminal the default."),
    ] = None,
    also_text: Annotated[
        bool, typer.Option("--also-text", help="Also take the names out of other people's texts.")
    ] = False,
) -> None:
    """Take a person out of lake, work file, releases, exports, rejects and logs; the counts stay.

    Leads that merges or addresses join to it are the same person's and go too; rows of others stay
    as they are. Sources that send the person again bring nothing back. The next refresh builds in
    full.

    Exit status: 0 done, also where nobody was found; 2 wrong use; 75 a refresh or an export
    is running.
    """
    wanted = [*(lead_id or []), *(email or [])]
    if not wanted or not all(text.strip() for text in wanted):
        raise UsageError("say who: --lead-id ID, --email ADDRESS, or both")
    only_count = sys.stdout.isatty() if dry_run is None else dry_run
    target, project, console = warehouse(), project_root(), make_console()
    if not target.exists():
        raise UsageError(f"there is no warehouse at {target}")
    with warehouse_lock(target):
        check_version(target / WORK_NAME, project)
        report = erase(
            target,
            lead_id or [],
            email or [],
            project / "seeds",
            files_written(project),
            also_text=also_text,
            dry_run=only_count,
        )
    tense = "would be" if only_count else "were"
    lines = [f"{report.leads:,} leads {tense} erased and suppressed from now on"]
    lines += [f"{table}: {n:,} rows {tense} rewritten" for table, n in sorted(report.rows.items())]
    lines += [f"{report.files_removed:,} log files were deleted"] if report.files_removed else []
    in_text = f"{tense} rewritten" if also_text else "are left; --also-text takes the names out"
    lines += mentions(report.mentions.text, in_text)
    lines += mentions(report.mentions.other, "are left: reports count by it, or it is a key")
    for line in lines:
        console.print(printable(line), soft_wrap=True)
    if only_count:
        console.print("Nothing was changed. To erase: the same with --no-dry-run.")
    else:
        console.print(
            "Releases and exports were rewritten; run scripts/refresh.py to build in full."
        )


def mentions(counts: Counter[tuple[str, str]], told: str) -> list[str]:
    """A line for each column of others in which the person is named."""
    return [
        f"{table}.{column}: {count:,} rows of others name the person and {told}"
        for (table, column), count in sorted(counts.items())
    ]


if __name__ == "__main__":
    run_command(main)
