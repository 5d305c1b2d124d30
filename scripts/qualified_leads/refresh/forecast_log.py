"""Keep what each release predicted beside the work file, which may be deleted at any time.

The models read the file at the start of the next build (refresh/state.py), so that
`rpt_forecast_accuracy` can compare what was said with what came. It holds counts per stage only.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

import duckdb

from qualified_leads.failures import why
from qualified_leads.paths import pattern

LOG_NAME = "forecasts.parquet"
NEW = """
    select
        min(starts_at) over () as made_at, stage, step, starts_at, ends_at,
        open_leads, expected_customers, expected_revenue
    from release.reports.rpt_pipeline_forecast
"""
HAS_FORECAST = """
    from information_schema.tables
    where table_catalog = 'release' and table_name = 'rpt_pipeline_forecast'
"""
OLD = "select * from read_parquet(?) where made_at not in (select made_at from new)"


def append_forecast(warehouse: Path, release: Path) -> None:
    """Add a release's forecast to the log in one step; one of the same moment is replaced.

    The release is out already, so a log that cannot be written is a warning and no failure.
    """
    log = warehouse / LOG_NAME
    temporary = warehouse / f".new-{LOG_NAME}"
    try:
        with duckdb.connect() as connection:
            connection.execute(f"attach '{_quoted(release)}' as release (read_only)")
            if not connection.execute(HAS_FORECAST).fetchall():
                return  # a project may do without this report
            connection.execute(f"create table new as {NEW}")
            if log.exists():
                connection.execute(f"insert into new {OLD}", [pattern(log)])
            connection.execute(
                f"copy (from new order by made_at, stage, step) to '{_quoted(temporary)}'"
                " (format parquet)"
            )
        temporary.chmod(0o600)
        os.replace(temporary, log)
    except (duckdb.Error, OSError) as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        print(f"warning: the forecast was not logged: {why(error, log)}", file=sys.stderr)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
