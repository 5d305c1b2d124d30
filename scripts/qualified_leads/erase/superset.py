"""Take what people typed into Superset's SQL Lab out of `$WAREHOUSE/superset`.

It keeps each query with its text, which may name somebody, and logs what was asked of it. This
history goes as a whole: unlike charts and saved queries, nobody comes back to it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

HOME_NAME = "superset"
DATABASE_NAME = "superset.db"
LOG_NAME = "superset.log"
BUSY_SECONDS = 30
HISTORY = ("tab_state", "table_schema", "query", "logs")  # those that refer to others come first


def forget_queries(warehouse: Path) -> None:
    """Delete the history and its bytes; nothing where there is no Superset."""
    home = warehouse / HOME_NAME
    (home / LOG_NAME).unlink(missing_ok=True)
    if not (home / DATABASE_NAME).is_file():
        return
    with closing(sqlite3.connect(home / DATABASE_NAME, timeout=BUSY_SECONDS)) as connection:
        there = {
            name
            for (name,) in connection.execute("select name from sqlite_master where type = 'table'")
        }
        for table in HISTORY:
            if table in there:
                connection.execute(f"delete from {table}")
        connection.commit()
        connection.execute("vacuum")  # not every SQLite overwrites what it deletes
        connection.execute("pragma wal_checkpoint(truncate)")
