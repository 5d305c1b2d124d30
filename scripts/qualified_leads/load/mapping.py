"""Mapping files: how foreign files become tables of the raw contract.

A mapping is YAML with one list, `loads`. Each load reads the files that `file` matches and fills
one contract table; one file may feed several loads. docs/reference/mapping.md has every option with
an example. All scalars are read as text: `yes`, `0123` and `2024-01-31` mean what they look like.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from qualified_leads.contract import REJECTED_ROWS, Table
from qualified_leads.errors import UsageError
from qualified_leads.failures import why

Format = Literal["csv", "jsonl", "parquet"]
FORMATS: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".json": "jsonl",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
# Ways to write a time that are no pattern.
ISO, EXCEL, EPOCH_S, EPOCH_MS = "iso", "excel", "epoch_s", "epoch_ms"
MODIFIED = "modified"
# What a template knows beside the columns: the number of a record and of its repetition, its hash.
ROW, HASH, REPETITION = "@row", "@hash", "n"
_PLACEHOLDER = re.compile(r"\{([^{}|]+)(?:\|(slug))?\}")
_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
_SEPARATOR = re.compile(r'[\x01-\x7f](?<![\r\n"])')
_LATER: dict[str, Any] = dict.fromkeys(
    ("skip", "sheet", "extracted_at", "time_zone", "spread", "split", "spreadsheet")
)
_LATER |= {"update": False, "optional": False, "id": []}
_FACTOR = r"^-?\d+(\.\d+)?$"


def normalise(name: str) -> str:
    """Return a column name as columns are compared: lower case, blanks as one underscore."""
    return re.sub(r"\s+", "_", name.strip().lower())


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Texts = Annotated[list[str], BeforeValidator(_listed)]


def _known_dates(formats: list[str] | None) -> list[str] | None:
    for one in formats or []:
        if one not in (ISO, EXCEL, EPOCH_S, EPOCH_MS) and not is_known_to_duckdb(
            "select try_strptime('', ?)", one, "%" in one
        ):
            raise ValueError(
                f"date_format {one} is no pattern such as %d.%m.%Y;"
                f" numbers are {EPOCH_S}, {EPOCH_MS} or {EXCEL}, and ISO 8601 is {ISO}"
            )
    return formats


def _known_zone(zone: str | None) -> str | None:
    query = "select 1 from pg_timezone_names() where name = ?"
    if zone is not None and not is_known_to_duckdb(query, zone, True):
        raise ValueError(f"time_zone {zone} is unknown; it is a name such as Europe/Berlin")
    return zone


def is_known_to_duckdb(query: str, value: str, is_possible: bool) -> bool:
    """Whether DuckDB takes a value in a query that gives a row for what it knows."""
    if not is_possible:
        return False
    with duckdb.connect() as connection:
        try:
            return bool(connection.execute(query, [value]).fetchall())
        except duckdb.Error:
            return False


Dates = Annotated[list[str] | None, BeforeValidator(_listed), AfterValidator(_known_dates)]
Zone = Annotated[str | None, AfterValidator(_known_zone)]
Id = Literal["integer", "salesforce"]


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
    date_format: Dates = None
    time_zone: Zone = None
    optional: bool = False
    split: str | None = None
    spreadsheet: bool | None = None
    id_: Annotated[list[Id], BeforeValidator(_listed), Field(alias="id")] = Field(
        default_factory=list
    )

    @model_validator(mode="after")
    def _one_origin(self) -> ColumnRule:
        if self.split is not None and (self.source is None or not self.split):
            raise ValueError("split is the text between the values of one source column")
        if self.source is not None and self.template is not None:
            raise ValueError("has a source and a template; give one")
        if self.source is None and self.template is None and self.default is None:
            raise ValueError("needs a source, a template or a default")
        return self

    @property
    def is_plain(self) -> bool:
        """Whether the source column is taken as it is, in its own type."""
        changes = (self.values, self.other, self.default, self.split, self.id_, self.spreadsheet)
        return self.source is not None and not any(changes)


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

    @property
    def patterns(self) -> list[str]:
        """The values to compare with, in which * stands for any text."""
        return self.in_ or self.not_in or []


class Load(_Strict):
    """One pass over the files that `file` matches, into one table."""

    file: str
    table: str
    format: Format | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"
    header: list[str] | None = None
    skip: Annotated[int | None, Field(ge=0, le=1000)] = None
    sheet: str | None = None
    extracted_at: str | None = None
    time_zone: Zone = None
    decimal: Literal[".", ","] = "."
    thousands: Literal[",", ".", " ", "'"] | None = None
    date_format: Dates = None
    columns: dict[str, ColumnRule | None] = Field(default_factory=dict)
    where: list[Condition] = Field(default_factory=list)
    repeat: str | None = None
    spread: Annotated[list[str] | None, Field(min_length=2, max_length=2)] = None
    update: bool = False

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: Any) -> Any:
        columns = data.get("columns", {}) if isinstance(data, dict) else None
        if isinstance(columns, dict):
            rules = {name: _rule(rule) for name, rule in columns.items()}
            spread = data.get("spread")
            if isinstance(spread, list) and spread and data.get("table") == "spend":
                # The day of a part is counted from the first of the period.
                rules["spend_date"] = {"source": spread[0]}
            data = {**data, "columns": rules}
        return data

    @model_validator(mode="after")
    def _check(self) -> Load:
        if self.separator is not None and not _SEPARATOR.fullmatch(self.separator):
            raise ValueError("delimiter must be one character of ASCII, no quote or line break")
        try:
            # Codecs such as zlib are no encodings of text, which is said here alone.
            "a".encode(self.encoding)
        except (LookupError, ValueError):
            raise ValueError(f"encoding {self.encoding} is unknown") from None
        if self.thousands is not None and self.thousands == self.decimal:
            raise ValueError("decimal and thousands must differ")
        many = [self.repeat, self.spread, *(rule.split for rule in self.rules)]
        if sum(one is not None for one in many) > 1:
            raise ValueError("a load has one repeat, one spread or one split")
        return self

    @property
    def rules(self) -> list[ColumnRule]:
        """How the columns are filled that the load fills."""
        return [rule for rule in self.columns.values() if rule is not None]

    @property
    def split(self) -> ColumnRule | None:
        """The rule whose cells hold several values."""
        return next((rule for rule in self.rules if rule.split is not None), None)

    @property
    def separator(self) -> str | None:
        """The declared delimiter, its name resolved."""
        return _DELIMITERS.get(self.delimiter, self.delimiter) if self.delimiter else None

    def digest(self) -> str:
        """Return what of this load decides the rows that a file gives, as a hash."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"file"})
        # An option that came later counts where it is used: an older mapping keeps its digest.
        for part in (content, *(rule for rule in content["columns"].values() if rule)):
            for name, default in _LATER.items():
                if name in part and part[name] == default:
                    del part[name]
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
        raise UsageError(f"cannot read the mapping {why(error, path)}") from error
    except RecursionError:
        raise UsageError(
            f"the mapping {path} is nested too deeply; a load has a few levels"
        ) from None
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
        if load.extracted_at is not None:
            check_extracted_at(load.extracted_at)
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
        is_repeated = load.repeat is not None or load.split is not None
        if not is_repeated and any(column == REPETITION for _, column, _ in used):
            raise UsageError(f"the mapping {path} uses {{n}} in {name} without repeat or split")
    if load.spread is not None and load.table != "spend":
        raise UsageError(f"the mapping {path} spreads {load.table}; only spend is spread over days")
    if load.update and not contract[load.table].key:
        raise UsageError(f"the mapping {path} updates {load.table}, which has no key")
    if load.split is not None:
        kinds = {column.name: column.data_type for column in contract[load.table].columns}
        name = next(name for name, rule in load.columns.items() if rule is load.split)
        if kinds[name] != "string":
            raise UsageError(f"the mapping {path} splits {name}, which is no text")


_CLOCK = {"Y": r"\d{4}", "y": r"\d{2}", "j": r"\d{3}", "b": "[A-Za-z]{3}", "B": "[A-Za-z]+"}
_CLOCK |= dict.fromkeys("mdHMS", r"\d{2}")


def check_extracted_at(text: str) -> None:
    """Raise UsageError where a text does not say when an export is of."""
    if text == MODIFIED or "%" in text:
        unknown = set(re.findall("%(.)", text)) - set(_CLOCK)
        if not unknown:
            return
    elif _moment(text) is not None:
        return
    raise UsageError(
        f"extracted_at {text} is neither a time (UTC) such as 2026-02-01 06:00, nor a pattern of"
        f" the date in the file's name such as %Y-%m-%d, nor {MODIFIED} (the file's own time)"
    )


def extracted_at(text: str, name: str, modified: datetime) -> datetime:
    """Return when an export is of, naive UTC: as `text` says, or the file's name or time.

    Raises UsageError where the name holds no date of that pattern.
    """
    if text == MODIFIED:
        return modified
    if "%" not in text:
        moment = _moment(text)
        assert moment is not None, "the text was checked"
        return moment
    pieces = re.split("%(.)", text)
    pattern = "".join(
        f"({_CLOCK[piece]})" if place % 2 else re.escape(piece)
        for place, piece in enumerate(pieces)
    )
    for found in re.finditer(f"(?<!\\d){pattern}(?!\\d)", name):
        try:
            return datetime.strptime(found.group(), text)
        except ValueError:
            continue
    raise UsageError(f"{name} has no date of the form {text} in its name, as extracted_at says")


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
