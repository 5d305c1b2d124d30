"""Which version of the project wrote a warehouse, so that older code keeps its hands off it."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import yaml

from qualified_leads.errors import UsageError

# Of the files in a warehouse and of what the work file keeps from run to run; to be raised with a
# change that code of before would misread or undo.
FORMAT_VERSION = 1
NOTED = """
    select project_version, format_version
    from ops.runs
    where format_version is not null
    order by run_number desc
"""


def project_version(project: Path) -> str:
    """The version in dbt_project.yml, 0 where it has none."""
    path = project / "dbt_project.yml"
    return str(yaml.safe_load(path.read_text(encoding="utf-8")).get("version") or 0)


def check_version(work: Path, project: Path) -> None:
    """Raise UsageError where newer code than this has run on a work file.

    One that can't be opened or has no account of versions says nothing.
    """
    if not work.exists():
        return
    try:
        with duckdb.connect(str(work), read_only=True) as connection:
            found = connection.execute(NOTED).fetchall()
    except duckdb.Error:
        return
    version = project_version(project)
    for theirs, their_format in found:
        if _numbers(theirs) > _numbers(version) or their_format > FORMAT_VERSION:
            raise UsageError(
                f"{work.parent} was last written by version {theirs} of the project (format"
                f" {their_format}), and this is version {version} (format {FORMAT_VERSION}): use"
                " that version or a later one, or another WAREHOUSE; nothing changed"
            )


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]
