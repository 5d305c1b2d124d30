"""What dbt's DuckDB may touch and may say; profiles.yml names this module as a plugin.

* Files: the raw lake, the work file with its spill directory, and the log of forecasts; rows of the
  seeds it gets from `policy_rows`. So text that became SQL by mistake could neither read nor write
  anything else, nor load an extension. DuckDB lets none of it be taken back while it runs
  (`lock_configuration` would, too, and break what dbt sets for each cursor).
* Errors: messages of DuckDB that may quote a value of a record lose their text, since dbt prints
  them, logs them and writes them to its target directory.
* New files are the account's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import dbt.adapters.duckdb.environments.local as local
import duckdb
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError

from qualified_leads import sql_functions
from qualified_leads.engine import SPILL_NAME, check_engine, sweep_spill
from qualified_leads.errors import UsageError
from qualified_leads.failures import why
from qualified_leads.lake.el_tables import check_el_tables
from qualified_leads.paths import check_warehouse, pattern
from qualified_leads.policy.files import policy_rows
from qualified_leads.quoting import literal
from qualified_leads.refresh import hooks
from qualified_leads.refresh.forecast_log import LOG_NAME

# Errors about the text of a statement or the place of a file. All others may quote data.
QUOTE_NO_DATA = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.DependencyException,
    duckdb.InterruptException,
    duckdb.IOException,
    duckdb.NotImplementedException,
    duckdb.OutOfMemoryException,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
    duckdb.TransactionException,
)
MEMORY_LIMIT = "DUCKDB_MEMORY_LIMIT"


def safe_text(error: Exception, sql: str = "") -> str:
    """The message of a database error, without what may be a value of a record.

    Where in the statement it happened is kept. Errors of loading a seed stay: policy is not
    personal, and the cell that is wrong is what its owner has to see.
    """
    text = str(error)
    if "policy_rows(" in sql:
        return text.rpartition(f"{UsageError.__name__}: ")[2]
    if isinstance(error, QUOTE_NO_DATA):
        return text
    _, mark, place = text.partition("\n\nLINE ")
    kind = type(error).__name__
    return f"{kind}: its text is left out, as it may quote a record{mark}{place}"


class Plugin(BasePlugin):
    """Limits DuckDB for every dbt command that connects; the project is the current directory."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        os.umask(0o077)
        try:
            check_engine()
        except UsageError as error:
            raise DbtRuntimeError(str(error)) from None
        self._project = Path.cwd()
        _keep_values_out_of_errors()

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        creds.path = unquote(creds.path)
        try:
            check_warehouse(_warehouse(creds))
            _warehouse(creds).mkdir(parents=True, exist_ok=True)  # which DuckDB does not
        except UsageError as error:
            raise DbtRuntimeError(str(error)) from None
        except OSError as error:
            raise DbtRuntimeError(
                f"WAREHOUSE can't be used: {why(error, _warehouse(creds))}"
            ) from None
        # By configuration, as it can't be set for each cursor any more once access is limited.
        config["temp_directory"] = str(_warehouse(creds) / SPILL_NAME)
        # Not in profiles.yml, which needs a default: DuckDB 1.5 has no text for its own, 80%.
        if limit := os.environ.get(MEMORY_LIMIT):
            config["memory_limit"] = limit

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        sql_functions.register(conn)
        warehouse = _warehouse(self.creds)
        hooks.register(conn, self._project, warehouse)
        sweep_spill(warehouse)  # the work file is this process's alone by now
        rows_of = partial(policy_rows, self._project / "seeds")
        conn.create_function("policy_rows", rows_of, ["VARCHAR"], "MAP(VARCHAR, VARCHAR)[]")
        allowed = {
            "allowed_directories": [warehouse / "raw", warehouse / SPILL_NAME],
            "allowed_paths": [warehouse / LOG_NAME],
        }
        for name, paths in allowed.items():
            conn.execute(f"set {name} = [{', '.join(map(literal, _all_ways(paths)))}]")
        conn.execute("set autoinstall_known_extensions = false")
        try:
            self._el_tables = check_el_tables(conn)
        except UsageError as error:
            raise DbtRuntimeError(str(error)) from None
        conn.execute("set enable_external_access = false")

    def configure_cursor(self, cursor: duckdb.DuckDBPyConnection) -> None:
        names = ", ".join(map(literal, self._el_tables))
        cursor.execute(f"set variable el_tables = cast([{names}] as varchar[])")


def _warehouse(creds: Any) -> Path:
    """The directory of the work file, which is also that of lake and spilled data."""
    assert creds.path != ":memory:", "a target has a work file"
    return Path(creds.path).absolute().parent


def _all_ways(paths: list[Path]) -> list[str]:
    """Paths as they are named and as they are behind links, as dbt uses the one or the other, and
    each as a pattern, since DuckDB compares the text of that."""
    named = [one for path in paths for one in (path, path.resolve())]
    return list(dict.fromkeys(text for one in named for text in (str(one), pattern(one))))


def _keep_values_out_of_errors() -> None:
    # dbt has no hook for it: it makes its own exception of what the connection raises.
    DuckDBConnectionManager.exception_handler = _exception_handler
    local.DuckDBConnectionWrapper.cursor = _safe_cursor


@contextmanager
def _exception_handler(
    self: DuckDBConnectionManager, sql: str, connection_name: str = "master"
) -> Iterator[None]:
    try:
        yield
    except DbtRuntimeError:
        raise
    except Exception as error:
        self.rollback_if_open()
        raise DbtRuntimeError(safe_text(error, sql)) from None


class _SafeCursor:
    """A cursor whose errors quote no data; DuckDB may come upon one only when rows are fetched."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._cursor, name)
        return _safely(value) if name.startswith("fetch") else value


def _safely(function: Any) -> Any:
    def call(*arguments: Any, **options: Any) -> Any:
        try:
            return function(*arguments, **options)
        except duckdb.Error as error:
            raise DbtRuntimeError(safe_text(error)) from None

    return call


def _safe_cursor(self: local.DuckDBConnectionWrapper) -> _SafeCursor:
    return _SafeCursor(self._cursor)
