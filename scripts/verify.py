"""Compare every file of the raw lake with what landed, byte by byte."""

from qualified_leads.console import make_console, printable, run_command
from qualified_leads.erase.forget import is_unfinished
from qualified_leads.errors import UsageError
from qualified_leads.lake.files import lake
from qualified_leads.lake.manifest import WHAT_TO_DO, LakeError, describe_problems, verify
from qualified_leads.lock import warehouse_lock
from qualified_leads.paths import project_root, warehouse
from qualified_leads.release.publish import WORK_NAME
from qualified_leads.version import check_version


def main() -> None:
    """Read $WAREHOUSE/raw whole: are hash and rows of every file those that landed, and can every
    column be read? Nothing is changed.

    Exit status: 0 all is as it landed; 1 something is not; 2 wrong use; 75 a refresh is running.
    """
    target, console = warehouse(), make_console()
    if not lake(target).exists():
        raise UsageError(f"there is no lake in {target}; load something first")
    with warehouse_lock(target):
        check_version(target / WORK_NAME, project_root())
        if is_unfinished(target):
            raise UsageError(
                "an erasure was interrupted; run scripts/refresh.py, which finishes it"
            )
        problems, unknown, rows = verify(lake(target))
    for problem in problems:
        console.print(printable(f"raw/{problem.name} {problem.what}"), soft_wrap=True)
    for name in unknown:
        console.print(printable(f"raw/{name} is not in the manifest yet"), soft_wrap=True)
    if problems:
        raise LakeError(f"{describe_problems(problems)}; {WHAT_TO_DO}")
    console.print(f"The lake is as it landed: {rows:,} rows")


if __name__ == "__main__":
    run_command(main)
