"""Which DuckDB may build, and how large its spilled data may grow."""

from __future__ import annotations

from pathlib import Path

import duckdb

from qualified_leads.errors import UsageError

OLDEST_ENGINE = (1, 5, 6)
SPILL_NAME = "tmp"  # in the warehouse directory; emptied at the start of every run


def check_engine(version: str = duckdb.__version__) -> None:
    """Refuse a DuckDB that can lose data. Raises UsageError."""
    numbers = tuple(int(part) for part in version.split(".")[:3] if part.isdigit())
    if numbers < OLDEST_ENGINE:
        oldest = ".".join(map(str, OLDEST_ENGINE))
        raise UsageError(
            f"DuckDB {version} is too old, {oldest} or later is needed: "
            "1.4 lost committed rows when the disk was full"
        )


def sweep_spill(warehouse: Path) -> None:
    """Delete what queries of a killed run spilled, and leave a private directory.

    The caller is the only one at work in the warehouse.
    """
    spill = warehouse / SPILL_NAME
    spill.mkdir(mode=0o700, exist_ok=True)
    spill.chmod(0o700)
    for path in spill.glob("duckdb_temp_*"):
        path.unlink(missing_ok=True)
