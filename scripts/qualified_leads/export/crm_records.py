"""What goes back to a CRM: MQLs and the queue of sales under its names, without personal data.

A record is a dictionary of JSON values with the external id first. Records are known by the lead_id
that the lead has in the raw data, so that a CRM finds its own record and names are not needed.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import duckdb
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from qualified_leads.errors import UsageError
from qualified_leads.paths import project_root
from qualified_leads.release.publish import PERSONAL_COLUMNS
from qualified_leads.release.reading import table_names
from qualified_leads.suppression import PSEUDONYM_START

Record = dict[str, Any]
Text = Annotated[str, Field(min_length=1)]

# One row per lead: its last episode that became an MQL, and how the lead stands now.
MQLS = """
select
    mqls.*,
    leads.current_stage,
    leads.owner_id,
    leads.created_at,
    leads.revenue,
    leads.label as current_label,
    leads.fit_score as current_fit_score,
    leads.engagement_score as current_engagement_score
from marts.fct_mqls as mqls
inner join marts.fct_leads as leads on mqls.lead_id = leads.lead_id
qualify row_number() over (partition by mqls.lead_id order by mqls.episode desc) = 1
"""
QUEUE = """
select * from reports.rpt_sdr_queue
qualify row_number() over (partition by lead_id order by queue_position) = 1
"""
# dataset: tables that it needs, query with one row per lead_id
SOURCES: dict[str, tuple[frozenset[str], str]] = {
    "mqls": (frozenset({"marts.fct_mqls", "marts.fct_leads"}), MQLS),
    "queue": (frozenset({"reports.rpt_sdr_queue"}), QUEUE),
}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DatasetMapping(Strict):
    """Names of one dataset: the CRM's object, its external id, and field: column."""

    object: Text
    external_id: Text
    present: Text
    fields: dict[Text, Text] = Field(min_length=1)


class CrmMapping(Strict):
    """A mapping file of `mappings/crm`."""

    chunk_size: int = Field(gt=0, le=10_000)
    null_text: str
    datasets: dict[Text, DatasetMapping] = Field(min_length=1)


@dataclass(frozen=True)
class Dataset:
    """The records of one dataset by external id, and those fields of a record that is gone."""

    mapping: DatasetMapping
    records: dict[str, Record]

    def gone(self, lead_id: str) -> Record:
        """The record of a lead that is no longer in the dataset: everything empty."""
        empty = dict.fromkeys(self.mapping.fields)
        return {self.mapping.external_id: lead_id, self.mapping.present: False, **empty}


def load_mapping(system: str, directory: Path | None = None) -> CrmMapping:
    """The mapping file of a system. Raises UsageError with the first thing that is wrong."""
    path = (directory or project_root() / "mappings" / "crm") / f"{system}.yml"
    if not path.is_file():
        raise UsageError(f"there is no mapping {path}")
    try:
        mapping = CrmMapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except yaml.YAMLError:
        raise UsageError(f"{path.name} is not YAML") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path.name}: {place}: {first['msg']}") from None
    for name, dataset in mapping.datasets.items():
        if name not in SOURCES:
            raise UsageError(f"{path.name}: dataset {name} is none of {', '.join(SOURCES)}")
        if {dataset.external_id, dataset.present} & dataset.fields.keys():
            raise UsageError(f"{path.name}: {name} names a field twice")
    return mapping


def read_datasets(connection: duckdb.DuckDBPyConnection, mapping: CrmMapping) -> dict[str, Dataset]:
    """The datasets whose tables are in the release. Raises UsageError for an unknown column."""
    tables = table_names(connection)
    return {
        name: Dataset(wanted, _read(connection, name, wanted))
        for name, wanted in mapping.datasets.items()
        if SOURCES[name][0] <= tables
    }


def _read(
    connection: duckdb.DuckDBPyConnection, name: str, wanted: DatasetMapping
) -> dict[str, Record]:
    result = connection.execute(f"{SOURCES[name][1]} order by lead_id")
    columns = [column[0] for column in result.description]
    known = set(columns) - PERSONAL_COLUMNS
    if unknown := sorted(set(wanted.fields.values()) - known):
        raise UsageError(
            f"{name} has no column {', '.join(unknown)}; it has {', '.join(sorted(known))}"
        )
    records = {}
    while rows := result.fetchmany(10_000):
        for values in rows:
            row = dict(zip(columns, values, strict=True))
            if row["lead_id"].startswith(PSEUDONYM_START):
                continue  # no CRM knows an erased person by it
            fields = {field: json_value(row[column]) for field, column in wanted.fields.items()}
            lead_id = row["lead_id"]
            records[lead_id] = {wanted.external_id: lead_id, wanted.present: True, **fields}
    return records


def json_value(value: Any) -> Any:
    """A value as JSON has it: times in UTC with a Z, dates in ISO 8601, numbers to 6 decimals."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        value = float(value)
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value


def record_hash(record: Mapping[str, Any]) -> str:
    """A short hash of what a record says, by which a changed one is found."""
    return hashlib.sha256(json_line(record).encode()).hexdigest()[:16]


def json_line(record: Mapping[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))
