"""What dbt gives to Jinja and sqlfluff does not: enough to render the models without a database."""

from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

execute = False
run_started_at = datetime(2026, 1, 1)
flags = SimpleNamespace(WHICH="compile", PROJECT_DIR=".")
target = SimpleNamespace(name="local", database="work", schema="main", type="duckdb")


def env_var(name: str, default: str = "") -> str:
    return default


@pass_context
def _dispatch(context: Context, name: str, package: str | None = None) -> Callable[..., Any]:
    """The DuckDB macro of that name, else the default one."""
    found = context.resolve_or_missing(f"duckdb__{name}")
    return found if callable(found) else context.resolve(f"default__{name}")


def _columns(relation: object) -> list[SimpleNamespace]:
    return [SimpleNamespace(name="record_key")]


adapter = SimpleNamespace(dispatch=_dispatch, get_columns_in_relation=_columns)


def _relation(database: str, schema: str, identifier: str, type: str | None = None) -> str:
    return f"{schema}.{identifier}"


api = SimpleNamespace(Relation=SimpleNamespace(create=_relation))


def load_relation(relation: object) -> None:
    """Nothing is built yet."""


class _Column:
    def values(self) -> list[str]:
        return ["2026-01-01 00:00:00"]


def run_query(query: str) -> SimpleNamespace:
    """One moment, whatever was asked."""
    return SimpleNamespace(rows=[], columns=[_Column()])


class _CrossDatabaseMacros:
    """dbt's own macros, as calls of a function of their name; types as themselves."""

    def __getattr__(self, name: str) -> Callable[..., str]:
        def render(*arguments: object) -> str:
            if name.startswith("type_"):
                return name.removeprefix("type_")
            return f"{name}({', '.join(map(str, arguments))})"

        return render


dbt = _CrossDatabaseMacros()
