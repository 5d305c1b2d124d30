"""What Superset is told about a release: database, datasets, metrics, charts and a dashboard.

They are one archive in the format of Superset's own exports. Each has an id that follows from its
name, so that importing it again updates what is there.
"""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import yaml

from qualified_leads.errors import UsageError
from qualified_leads.release.publish import PUBLIC_SCHEMAS
from qualified_leads.release.reading import open_release
from team.superset.charts import CHARTS, Chart, dashboard

Manifest = Mapping[str, Any]
Asset = dict[str, Any]
Types = dict[str, str]  # of columns, in order

DATABASE = "Qualified leads"
VERSION = {"version": "1.0.0"}
_NAMES = uuid.UUID("6a3e1d5e-52d1-4c0c-9d39-7d2d2d0c7f0b")
# Read-only is also what the file is opened with: no other file of the disk can be read or written.
CONNECTION = {
    "read_only": True,
    "config": {"enable_external_access": False, "lock_configuration": True},
}


def asset_id(kind: str, name: str) -> str:
    """The id of an asset, the same in every Superset."""
    return str(uuid.uuid5(_NAMES, f"{kind}/{name}"))


def read_manifest(path: Path) -> Manifest:
    """dbt's manifest. Raises UsageError."""
    if not path.is_file():
        raise UsageError(f"there is no {path}; run dbt parse first")
    return json.loads(path.read_text(encoding="utf-8"))


def make_bundle(link: Path, release: Path, manifest: Manifest) -> bytes:
    """The archive for a release that is served by `link`. Raises UsageError."""
    with open_release(release) as connection:
        tables = _tables(connection)
    missing = {chart.table for chart in CHARTS} - tables.keys()
    if missing:
        raise UsageError(f"the release has no {', '.join(sorted(missing))}; refresh it first")
    models = _shown_models(manifest, tables)
    metrics = read_metrics(manifest)
    assets = {
        "metadata": VERSION | {"type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"},
        "databases/qualified_leads": _database(link),
        "dashboards/qualified_leads": VERSION
        | dashboard({chart.name: asset_id("chart", chart.name) for chart in CHARTS})
        | {"uuid": asset_id("dashboard", DATABASE)},
    }
    for name, model in models.items():
        assets[f"datasets/qualified_leads/{name}"] = _dataset(model, tables[name], metrics)
    for chart in CHARTS:
        assets[f"charts/{chart.name}"] = _chart(chart)
    return _archive(assets)


def _tables(connection: duckdb.DuckDBPyConnection) -> dict[str, Types]:
    found: dict[str, Types] = {}
    for table, column, type_ in connection.execute(
        "select table_name, column_name, data_type from information_schema.columns "
        "where table_schema in (?, ?) order by table_name, ordinal_position",
        PUBLIC_SCHEMAS,
    ).fetchall():
        found.setdefault(table, {})[column] = type_
    return found


def _shown_models(manifest: Manifest, tables: Mapping[str, Types]) -> dict[str, Asset]:
    """Models of the release that become datasets: all reports, and marts that a chart shows."""
    charted = {chart.table for chart in CHARTS}
    return {
        node["name"]: node
        for _, node in sorted(manifest["nodes"].items())
        if node["resource_type"] == "model"
        and node["name"] in tables
        and (node["schema"] == "reports" or node["name"] in charted)
    }


def _database(link: Path) -> Asset:
    return VERSION | {
        "database_name": DATABASE,
        "uuid": asset_id("database", DATABASE),
        "sqlalchemy_uri": f"duckdb:///{link}",
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "allow_csv_upload": False,
        # Superset itself opens and closes a connection for each query (NullPool).
        "extra": {"engine_params": {"connect_args": CONNECTION}},
    }


def _dataset(model: Asset, types: Types, metrics: Mapping[str, Asset]) -> Asset:
    described = {name: column["description"] for name, column in model["columns"].items()}
    return VERSION | {
        "table_name": model["name"],
        "schema": model["schema"],
        "uuid": asset_id("dataset", model["name"]),
        "database_uuid": asset_id("database", DATABASE),
        "description": model["description"],
        "main_dttm_col": "month" if "month" in types else None,
        "columns": [
            {
                "column_name": name,
                "type": type_,
                "is_dttm": type_ == "DATE" or type_.startswith("TIMESTAMP"),
                "groupby": True,
                "filterable": True,
                "description": described.get(name, ""),
            }
            for name, type_ in types.items()
        ],
        "metrics": [
            {
                "metric_name": "count",
                "verbose_name": "Rows",
                "metric_type": "count",
                "expression": "count(*)",
            },
            *dataset_metrics(types, metrics),
        ],
    }


def dataset_metrics(types: Types, metrics: Mapping[str, Asset]) -> list[Asset]:
    """dbt's metrics that a table has the columns for.

    A table with one row per attribution model has none: its models must not be added up.
    """
    if "basis" not in types or "attribution_model" in types:
        return []
    found = []
    for name, metric in metrics.items():
        if _columns_of(name, metrics) <= types.keys():
            found.append(
                {
                    "metric_name": name,
                    "verbose_name": metric["label"],
                    "metric_type": "expression",
                    "expression": metric_sql(name, metrics),
                    "description": metric["description"],
                    "d3format": _format_of(name),
                }
            )
    return found


def read_metrics(manifest: Manifest) -> dict[str, Asset]:
    """dbt's metrics by name."""
    return {metric["name"]: metric for metric in manifest["metrics"].values()}


def metric_sql(name: str, metrics: Mapping[str, Asset]) -> str:
    """A metric as an aggregate over the report's columns of the same names.

    A report has each number on two bases; the names of one begin with `period_`.
    """
    metric = metrics[name]
    given = metric["type_params"]
    if metric["type"] == "ratio":
        numerator = metric_sql(given["numerator"]["name"], metrics)
        return f"{numerator} / nullif({metric_sql(given['denominator']['name'], metrics)}, 0)"
    if metric["type"] == "derived":
        names = "|".join(re.escape(one["name"]) for one in given["metrics"])
        return re.sub(rf"\b({names})\b", lambda m: metric_sql(m[0], metrics), given["expr"])
    basis = "period" if name.startswith("period_") else "cohort"
    return f"sum(case when basis = '{basis}' then {name.removeprefix('period_')} end)"


def _columns_of(name: str, metrics: Mapping[str, Asset]) -> set[str]:
    return set(re.findall(r"then (\w+) end", metric_sql(name, metrics)))


def _format_of(name: str) -> str:
    if name.endswith("_rate") or name.endswith("roi"):
        return ",.1%"
    return ",.2f" if "cost" in name or name.endswith("roas") else ",.0f"


def _chart(chart: Chart) -> Asset:
    return VERSION | {
        "slice_name": chart.title,
        "description": chart.description,
        "viz_type": chart.kind,
        "uuid": asset_id("chart", chart.name),
        "dataset_uuid": asset_id("dataset", chart.table),
        "params": chart.params | {"viz_type": chart.kind},
        # What the chart's data are by the API; a browser makes the same query from the parameters.
        "query_context": json.dumps(
            {
                "datasource": {"id": 0, "type": "table"},  # Superset fills in the dataset's
                "force": False,
                "queries": [chart.query],
                "result_format": "json",
                "result_type": "full",
            }
        ),
    }


def _archive(assets: Mapping[str, Asset]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, asset in assets.items():
            text = yaml.safe_dump(asset, sort_keys=False, allow_unicode=True)
            archive.writestr(f"qualified_leads/{name}.yaml", text)
    return content.getvalue()
