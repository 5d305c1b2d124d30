"""The raw contract: tables, columns, types and keys, read from the dbt source file."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from qualified_leads.errors import UsageError
from qualified_leads.failures import why
from qualified_leads.paths import project_root

REJECTED_ROWS = "rejected_rows"
LOAD_COLUMNS = ("_loaded_at", "_landed_at")
MONEY = "decimal(20,6)"
# What a reason calls the type: words, since the reader may not know SQL.
TYPE_NAMES = {
    "string": "text",
    "bigint": "a whole number",
    "double": "a number",
    "boolean": "a boolean",
    "date": "a date",
    "timestamp": "a timestamp",
    MONEY: "an amount",
}


@dataclass(frozen=True)
class Column:
    """One column of a raw table; `data_type` is SQL's name of the type, in lower case.

    `personal` says what an erasure does to it in a row of the person: `text` goes, an `address`
    becomes a hash, of what is `judged` stays what the policy tells of it; `staff` are our people.
    """

    name: str
    data_type: str
    is_required: bool = False
    personal: str | None = None


@dataclass(frozen=True)
class Table:
    """One raw table: its columns in contract order, `_loaded_at` and `_landed_at` included."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    @property
    def source_columns(self) -> tuple[Column, ...]:
        """The columns that a source fills, that is all but the two that the loader adds."""
        return tuple(column for column in self.columns if column.name not in LOAD_COLUMNS)

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns without which a row is rejected."""
        return tuple(column.name for column in self.columns if column.is_required)

    def personal(self, *kinds: str) -> tuple[str, ...]:
        """Names of the columns that are marked as personal data of these kinds."""
        return tuple(column.name for column in self.columns if column.personal in kinds)


def type_name(data_type: str) -> str:
    """Return what a reason calls a contract type, for example `a timestamp`."""
    return TYPE_NAMES.get(data_type, "a number")


def own_keys(table: Table) -> tuple[str, ...]:
    """Columns of a table of leads' rows that are keys of these rows alone, such as activity_id."""
    names: Iterable[str] = (column.name for column in table.columns)
    if "lead_id" not in set(names):
        return ()
    return table.key if table.key != ("lead_id",) and len(table.key) == 1 else ()


def contract_path() -> Path:
    """Return the file that defines the raw contract."""
    return project_root() / "models" / "staging" / "raw" / "_raw__sources.yml"


def load_contract(path: Path | None = None) -> dict[str, Table]:
    """Return every table of the raw contract by name, `rejected_rows` included.

    Raises UsageError where the file is missing or is not the contract.
    """
    path = path or contract_path()
    try:
        tables = _document(path)["sources"][0]["tables"]
        return {table["name"]: _table(table) for table in tables}
    except OSError as error:
        raise UsageError(f"cannot read the raw contract: {why(error, path)}") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where else ""
        raise UsageError(f"the raw contract {path} is not valid YAML{line}") from error
    except (KeyError, TypeError, IndexError) as error:
        raise UsageError(f"the raw contract {path} lacks {error}") from error


@cache
def _document(path: Path) -> Any:
    """Return the parsed file; a property test loads it a hundred times."""
    return yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


def _meta(node: dict[str, Any]) -> dict[str, Any]:
    return (node.get("config") or {}).get("meta") or {}


def _table(node: dict[str, Any]) -> Table:
    columns = tuple(
        Column(
            column["name"],
            column["data_type"].lower(),
            bool(_meta(column).get("is_required")),
            _meta(column).get("personal"),
        )
        for column in node["columns"]
    )
    return Table(node["name"], columns, tuple(_meta(node).get("key", ())))
