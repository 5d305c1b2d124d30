"""Where the project and its warehouse are."""

import os
import re
from pathlib import Path

import yaml

from qualified_leads.errors import UsageError
from qualified_leads.failures import why


def project_root() -> Path:
    """Return the absolute directory of the checkout (the one with dbt_project.yml)."""
    return Path(__file__).resolve().parents[2]


def import_path() -> Path:
    """Return the directory that a process has on `PYTHONPATH` to import this package and `team`."""
    return Path(__file__).resolve().parents[1]


def warehouse() -> Path:
    """Return the absolute warehouse directory: `$WAREHOUSE`, or `warehouse` in the project root.

    A relative `$WAREHOUSE` counts from the current directory. The directory need not exist. Raises
    UsageError where DuckDB could keep no file in it.
    """
    configured = os.environ.get("WAREHOUSE", "")
    found = Path(configured).absolute() if configured.strip() else project_root() / "warehouse"
    check_warehouse(found)
    return found


def check_warehouse(warehouse: Path) -> None:
    """Raise UsageError where the directory is none, or where DuckDB could keep no file: it has the
    log of a database of which the path holds a `?` before that, in a directory that there is not.
    """
    try:
        is_taken = warehouse.exists() and not warehouse.is_dir()
    except OSError as error:
        raise UsageError(f"WAREHOUSE can't be used: {why(error, warehouse)}") from None
    if is_taken or warehouse.is_symlink() and not warehouse.exists():
        what = "a link to nothing" if warehouse.is_symlink() else "a file"
        raise UsageError(f"WAREHOUSE has to be a directory, and {warehouse} is {what}")
    if "?" in str(warehouse.resolve()):
        raise UsageError(
            f"DuckDB can keep no database below a directory with ? in its name: {warehouse};"
            " set WAREHOUSE to another one"
        )


def pattern(path: Path) -> str:
    """A path as DuckDB's readers take it, which match names to it: `[*]` is `*` itself."""
    return re.sub(r"[\[*?]", r"[\g<0>]", str(path))


def reporting_currency(project: Path | None = None) -> str:
    """The var of that name in dbt_project.yml."""
    path = (project or project_root()) / "dbt_project.yml"
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"{path} is not valid YAML{line}") from None
    return str(settings.get("vars", {}).get("reporting_currency", ""))
