"""Where the project and its warehouse are."""

import os
from pathlib import Path

import yaml


def project_root() -> Path:
    """Return the absolute directory of the checkout (the one with dbt_project.yml)."""
    return Path(__file__).resolve().parents[2]


def warehouse() -> Path:
    """Return the absolute warehouse directory: `$WAREHOUSE`, or `warehouse` in the project root.

    A relative `$WAREHOUSE` counts from the current directory. The directory need not exist.
    """
    configured = os.environ.get("WAREHOUSE", "").strip()
    return Path(configured).absolute() if configured else project_root() / "warehouse"


def reporting_currency(project: Path | None = None) -> str:
    """The var of that name in dbt_project.yml."""
    path = (project or project_root()) / "dbt_project.yml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    return str(settings.get("vars", {}).get("reporting_currency", ""))
