"""Where the project and its warehouse are."""

import os
from pathlib import Path


def project_root() -> Path:
    """Return the absolute directory of the checkout (the one with dbt_project.yml)."""
    return Path(__file__).resolve().parents[2]


def warehouse() -> Path:
    """Return the absolute warehouse directory: `$WAREHOUSE`, or `warehouse` in the project root.

    A relative `$WAREHOUSE` counts from the current directory. The directory need not exist.
    """
    configured = os.environ.get("WAREHOUSE", "").strip()
    return Path(configured).absolute() if configured else project_root() / "warehouse"
