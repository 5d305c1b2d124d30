"""The four charts of the dashboard in Superset. Each is one query, and so of one release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TITLE = "Leads, funnel and costs"
SLUG = "qualified-leads"
ROW_HEIGHT = 50  # of 8 pixels


@dataclass(frozen=True)
class Chart:
    """A chart: what it is drawn with, and the query that its data come from."""

    name: str
    title: str
    description: str
    table: str
    kind: str
    params: dict[str, Any]
    query: dict[str, Any]


def _filter(column: str, value: str | bool) -> dict[str, Any]:
    return {
        "clause": "WHERE",
        "expressionType": "SIMPLE",
        "subject": column,
        "operator": "==",
        "comparator": value,
    }


def _bars(dimension: str, metric: str, only: dict[str, Any]) -> dict[str, Any]:
    """Lying bars with their values, the longest on top."""
    return {
        "x_axis": dimension,
        "xAxisForceCategorical": True,
        "metrics": [metric],
        "groupby": [],
        "adhoc_filters": [only],
        "x_axis_sort": metric,
        "x_axis_sort_asc": True,
        "orientation": "horizontal",
        "row_limit": 10000,
        "color_scheme": "supersetColors",
        "y_axis_format": ",.0f",
        "show_value": True,
        "show_legend": False,
        "rich_tooltip": True,
    }


def _query(columns: list[Any], metrics: list[str], **options: Any) -> dict[str, Any]:
    return {"columns": columns, "metrics": metrics, "filters": [], "row_limit": 10000} | options


def _is(column: str, value: str | bool) -> dict[str, Any]:
    return {"col": column, "op": "==", "val": value}


_MONTH = {
    "columnType": "BASE_AXIS",
    "expressionType": "SQL",
    "label": "month",
    "sqlExpression": "month",
    "timeGrain": "P1M",
}

CHARTS = (
    Chart(
        "leads_and_mqls_by_month",
        "Leads and MQLs by month",
        "Leads created and MQLs reached in the month, whenever the lead was created.",
        "rpt_lead_funnel",
        "echarts_timeseries_line",
        {
            "x_axis": "month",
            "time_grain_sqla": "P1M",
            "metrics": ["period_leads", "period_mqls"],
            "groupby": [],
            "adhoc_filters": [],
            "row_limit": 10000,
            "color_scheme": "supersetColors",
            "markerEnabled": True,
            "x_axis_time_format": "%b %Y",
            "y_axis_format": ",d",
            "show_legend": True,
            "legendOrientation": "top",
            "rich_tooltip": True,
            "truncateYAxis": False,
        },
        _query([_MONTH], ["period_leads", "period_mqls"], orderby=[["month", True]]),
    ),
    Chart(
        "funnel_by_stage",
        "Funnel: leads by the stages that they reached",
        "Leads of all months, counted at each stage that they reached or passed by now.",
        "fct_funnel_entries",
        "echarts_timeseries_bar",  # Superset's funnel has no room for its labels at the lower end
        _bars("stage", "count", _filter("basis", "cohort")),
        _query(["stage"], ["count"], filters=[_is("basis", "cohort")], orderby=[["count", True]]),
    ),
    Chart(
        "cost_per_customer_by_source",
        "Cost per customer by source, mature months",
        "Spend of months that are old enough to judge over the customers of their leads.",
        "rpt_source_costs",
        "echarts_timeseries_bar",
        _bars("lead_source", "cost_per_customer", _filter("is_mature", True)),
        _query(
            ["lead_source"],
            ["cost_per_customer"],
            filters=[_is("is_mature", True)],
            orderby=[["cost_per_customer", True]],
        ),
    ),
    Chart(
        "leads_by_fit_and_engagement",
        "Leads by fit (A to C) and engagement (1 to 3)",
        "Surviving leads by the bands of their two scores; A1 fits best and is the most active.",
        "fct_lead_scores",
        "heatmap_v2",
        {
            "x_axis": "level",
            "groupby": "grade",
            "metric": "count",
            "adhoc_filters": [],
            "row_limit": 100,
            "sort_x_axis": "alpha_asc",
            "sort_y_axis": "alpha_desc",
            "normalize_across": "heatmap",
            "linear_color_scheme": "schemeBlues",
            "show_values": True,
            "show_legend": False,
            "y_axis_format": ",d",
            "value_bounds": [None, None],
        },
        _query(["level", "grade"], ["count"], orderby=[["level", True], ["grade", True]]),
    ),
)


def dashboard(ids: Mapping[str, str]) -> dict[str, Any]:
    """Two rows of two charts; `ids` are those of the charts by their names."""
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": TITLE}},
    }
    for number, chart in enumerate(CHARTS):
        row, place = f"ROW-{number // 2}", f"CHART-{chart.name}"
        if row not in position:
            position["GRID_ID"]["children"].append(row)
            position[row] = {
                "type": "ROW",
                "id": row,
                "children": [],
                "parents": ["ROOT_ID", "GRID_ID"],
                "meta": {"background": "BACKGROUND_TRANSPARENT"},
            }
        position[row]["children"].append(place)
        position[place] = {
            "type": "CHART",
            "id": place,
            "children": [],
            "parents": ["ROOT_ID", "GRID_ID", row],
            "meta": {
                "chartId": number + 1,  # Superset puts its own in its place
                "uuid": ids[chart.name],
                "sliceName": chart.title,
                "width": 6,
                "height": ROW_HEIGHT,
            },
        }
    return {
        "dashboard_title": TITLE,
        "description": "Of the release that is served: each chart reads the newest one.",
        "slug": SLUG,
        "published": True,
        "position": position,
        "metadata": {"color_scheme": "supersetColors", "refresh_frequency": 0},
    }
