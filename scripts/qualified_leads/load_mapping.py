"""Mapping files: how foreign files become tables of the raw contract.

A mapping is YAML with one list, `loads`. Each load reads the files that `file` matches and fills
one contract table; one file may feed several loads. See mappings/README.md for every option with
an example. All scalars are read as text: `yes`, `0123` and `2024-01-31` mean what they look like.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from qualified_leads.contract import REJECTED_ROWS, Table
from qualified_leads.errors import UsageError

Format = Literal["csv", "jsonl", "parquet"]
FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
_PLACEHOLDER = re.compile(r"\{([^{}|]+)(?:\|(slug))?\}")
_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_SEPARATOR = re.compile(r'[\x01-\x7f](?<![\r\n"])')
_FACTOR = r"^-?\d+(\.\d+)?$"


def normalise(name: str) -> str:
    """Return a column name as columns are compared: lower case, blanks as one underscore."""
    return re.sub(r"\s+", "_", name.strip().lower())


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_listed)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnRule(_Strict):
    """How one contract column is filled: from a source column, a template or a constant."""

    source: str | None = None
    template: str | None = None
    default: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    other: str | None = None
    multiply: Annotated[str | None, Field(pattern=_FACTOR)] = None
    date_format: Texts | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnRule:
        if self.source is not None and self.template is not None:
            raise ValueError("has a source and a template; give one")
        if self.source is None and self.template is None and self.default is None:
            raise ValueError("needs a source, a template or a default")
        return self

    @property
    def is_plain(self) -> bool:
        """Whether the source column is taken as it is, in its own type."""
        return self.source is not None and not (self.values or self.other or self.default)


class Condition(_Strict):
    """A test on one source column; rows that fail it are filtered, and counted."""

    column: str
    is_: Annotated[Literal["present", "missing"] | None, Field(alias="is")] = None
    in_: Annotated[Texts | None, Field(alias="in")] = None
    not_in: Texts | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        if sum(test is not None for test in (self.is_, self.in_, self.not_in)) != 1:
            raise ValueError("needs exactly one of is, in, not_in")
        return self


class Load(_Strict):
    """One pass over the files that `file` matches, into one table."""

    file: str
    table: str
    format: Format | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"
    header: list[str] | None = None
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'"] | None = None
    date_format: Texts | None = None
    columns: dict[str, ColumnRule | None] = Field(default_factory=dict)
    where: list[Condition] = Field(default_factory=list)
    repeat: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: Any) -> Any:
        columns = data.get("columns") if isinstance(data, dict) else None
        if isinstance(columns, dict):
            rules = {name: _rule(rule) for name, rule in columns.items()}
            data = {**data, "columns": rules}
        return data

    @model_validator(mode="after")
    def _check(self) -> Load:
        if self.separator is not None and not _SEPARATOR.fullmatch(self.separator):
            raise ValueError("delimiter must be one character of ASCII, no quote or line break")
        try:
            codecs.lookup(self.encoding)
        except LookupError:
            raise ValueError(f"encoding {self.encoding} is unknown") from None
        if self.thousands is not None and self.thousands == self.decimal:
            raise ValueError("decimal and thousands must differ")
        return self

    @property
    def separator(self) -> str | None:
        """The declared delimiter, its name resolved."""
        return _DELIMITERS.get(self.delimiter, self.delimiter) if self.delimiter else None

    def digest(self) -> str:
        """Return what of this load decides the rows that a file gives, as a hash."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"file"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def matches(self, relative: str) -> bool:
        """Whether a path relative to the loaded directory is meant, whatever its case."""
        return fnmatchcase(relative.lower(), self.file.lower())


class Mapping(_Strict):
    """A whole mapping file."""

    loads: Annotated[list[Load], Field(min_length=1)]


def _rule(rule: Any) -> Any:
    if isinstance(rule, str):
        return {"source": rule} if rule.strip() not in ("", "null", "~") else None
    return rule


def template_parts(template: str) -> list[tuple[str, str, str | None]]:
    """Split a template into (literal text, "", None) and ("", placeholder, filter or None)."""
    parts: list[tuple[str, str, str | None]] = []
    position = 0
    for found in _PLACEHOLDER.finditer(template):
        if found.start() > position:
            parts.append((template[position : found.start()], "", None))
        parts.append(("", normalise(found.group(1)), found.group(2)))
        position = found.end()
    if position < len(template):
        parts.append((template[position:], "", None))
    return parts


def read_mapping(path: Path, contract: dict[str, Table]) -> Mapping:
    """Read and check a mapping file.

    Raises UsageError, in one line, where it is no mapping or names what the contract doesn't have.
    """
    try:
        # BaseLoader leaves scalars text: `no` stays no and 2024-01-31 stays what was written.
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
        mapping = Mapping.model_validate(document)
    except OSError as error:
        raise UsageError(f"cannot read the mapping {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise UsageError(f"the mapping {path} is not UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"the mapping {path} is not valid YAML{where}") from error
    except ValidationError as error:
        raise UsageError(f"the mapping {path}: {_first(error)}") from error
    for load in mapping.loads:
        _check_names(path, load, contract)
    return mapping


def _first(error: ValidationError) -> str:
    problem = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place or 'document'}: {problem['msg'].removeprefix('Value error, ')}"


def _check_names(path: Path, load: Load, contract: dict[str, Table]) -> None:
    if load.table not in contract or load.table == REJECTED_ROWS:
        raise UsageError(f"the mapping {path} names the table {load.table}, which is not loaded")
    known = {column.name for column in contract[load.table].columns} - {"_landed_at"}
    if unknown := sorted(set(load.columns) - known):
        raise UsageError(
            f"the mapping {path} fills {', '.join(unknown)}, "
            f"which the table {load.table} does not have"
        )
    for name, rule in load.columns.items():
        used = template_parts(rule.template or "") if rule else []
        if load.repeat is None and any(column == "n" for _, column, _ in used):
            raise UsageError(f"the mapping {path} uses {{n}} in {name} without a repeat")
