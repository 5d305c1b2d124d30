"""Vega-Altair charts of the report, as specifications that the page draws.

Data values are only ever data: fields have fixed names, and no value becomes part of an expression.
Colours are the page's CSS variables, so that light, dark and paper need no second drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt

from qualified_leads.report.data import Row

Spec = dict[str, Any]

INK, MUTED, GRID, SURFACE = "var(--ink)", "var(--muted)", "var(--line)", "var(--surface)"
MAIN, SECOND, THIRD = "var(--c1)", "var(--c2)", "var(--c3)"
SERIES = [f"var(--c{n})" for n in range(1, 8)]
BAR = 22  # pixels for one bar of a list
NAME_WIDTH = 130  # pixels for a source's name, which may be of any length

# As in report.css, spelled out: Vega measures text with it, and `inherit` has no width.
FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

CONFIG: Spec = {
    "background": "transparent",
    "font": FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "gridColor": GRID,
        "domainColor": GRID,
        "tickColor": GRID,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": NAME_WIDTH,
    },
    "legend": {
        "labelColor": INK,
        "titleColor": MUTED,
        "orient": "top",
        "labelFontSize": 12,
        "labelLimit": NAME_WIDTH,
        "columns": 2,
        "title": None,
    },
    "text": {"color": INK, "fontSize": 12},
    "line": {"strokeWidth": 2.5},
}


def _data(rows: Sequence[Row]) -> alt.Data:
    return alt.Data(values=list(rows))


def _finish(chart: alt.Chart | alt.LayerChart, height: int, description: str) -> Spec:
    """A specification as wide as its place, with its description for those who don't see it."""
    chart = chart.properties(width="container", height=height, description=description)
    return {**chart.to_dict(), "config": CONFIG}


def _months(title: str | None = None) -> alt.X:
    # Text and not time: a time zone west of UTC would show each month as the one before.
    axis = alt.Axis(labelAngle=0, labelOverlap="parity", labelSeparation=8)
    return alt.X("month:O", sort=None, title=title, axis=axis)


def trend(rows: Sequence[Row], title: str, color: str, description: str) -> Spec:
    """A line over months. Rows: month (text), value."""
    base = alt.Chart(_data(rows)).encode(
        x=_months(),
        y=alt.Y("value:Q", title=title, axis=alt.Axis(tickMinStep=1, tickCount=5)),
        tooltip=[alt.Tooltip("month:O", title="Month"), alt.Tooltip("value:Q", title=title)],
    )
    area = base.mark_area(color=color, opacity=0.15)
    line = base.mark_line(color=color, point=alt.OverlayMarkDef(color=color, size=45, filled=True))
    return _finish(area + line, 190, description)


def stacked_months(rows: Sequence[Row], names: Sequence[str], title: str, description: str) -> Spec:
    """Stacked bars over months. Rows: month (text), lead_source, value, order (0 is lowest)."""
    chart = (
        alt.Chart(_data(rows))
        .mark_bar()
        .encode(
            x=_months(),
            y=alt.Y("value:Q", title=title, axis=alt.Axis(tickMinStep=1, tickCount=5)),
            color=alt.Color(
                "lead_source:N", scale=alt.Scale(domain=list(names), range=SERIES[: len(names)])
            ),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("month:O", title="Month"),
                alt.Tooltip("lead_source:N", title="Source"),
                alt.Tooltip("value:Q", title=title),
            ],
        )
    )
    return _finish(chart, 260, description)


def funnel(rows: Sequence[Row], description: str) -> Spec:
    """Bars of the stages. Rows: stage, value, note (text beside the bar)."""
    base = alt.Chart(_data(rows)).encode(y=alt.Y("stage:N", sort=None, title=None))
    bars = base.mark_bar(color=MAIN, cornerRadiusEnd=3).encode(
        # Room on the right for the text of the longest bar.
        x=alt.X("value:Q", title=None, axis=None, scale=_room(rows, 1.45)),
        tooltip=[alt.Tooltip("stage:N", title="Stage"), alt.Tooltip("value:Q", format=",")],
    )
    text = base.mark_text(align="left", dx=6).encode(x="value:Q", text="note:N")
    return _finish(bars + text, 32 * max(len(rows), 1), description)


def _room(rows: Sequence[Row], factor: float) -> alt.Scale:
    values = [row["value"] or 0 for row in rows]
    top = max([*values, 0]) * factor
    low = min([*values, 0]) * factor
    return alt.Scale(domain=[low, top or 1], nice=False)


def rate_grid(rows: Sequence[Row], description: str) -> Spec:
    """A source x step grid of rates. Rows: lead_source, step, rate (0 to 1), note, shade (0 to 1).

    The shade compares sources within one step: each step has its own range of rates.
    """
    base = alt.Chart(_data(rows)).encode(
        x=alt.X(
            "step:O",
            sort=None,
            title=None,
            axis=alt.Axis(orient="top", labelAngle=0, labelLimit=80),
        ),
        y=alt.Y("lead_source:N", sort=None, title=None),
        tooltip=[
            alt.Tooltip("lead_source:N", title="Source"),
            alt.Tooltip("step:N", title="Step"),
            alt.Tooltip("note:N", title="Rate"),
        ],
    )
    cells = base.mark_rect(color=MAIN, stroke=SURFACE, strokeWidth=2).encode(
        opacity=alt.Opacity(
            "shade:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 0.5]), legend=None
        )
    )
    text = base.mark_text(color=INK).encode(text="note:N")
    names = {row["lead_source"] for row in rows}
    return _finish(cells + text, 26 * max(len(names), 1), description)


def bar_list(
    rows: Sequence[Row], title: str, description: str, color: str = MAIN, names: int = NAME_WIDTH
) -> Spec:
    """Horizontal bars with their value as text. Rows: name, value, note."""
    axis = alt.Axis(labelLimit=names)
    base = alt.Chart(_data(rows)).encode(y=alt.Y("name:N", sort=None, title=None, axis=axis))
    bars = base.mark_bar(color=color, cornerRadiusEnd=3).encode(
        x=alt.X("value:Q", title=title, axis=None, scale=_room(rows, 1.5)),
        tooltip=[alt.Tooltip("name:N", title="Name"), alt.Tooltip("note:N", title=title)],
    )
    text = base.mark_text(align="left", dx=5).encode(x="value:Q", text="note:N")
    return _finish(bars + text, BAR * max(len(rows), 1), description)


def quartiles(rows: Sequence[Row], description: str) -> Spec:
    """Median days with the middle half. Rows: step, lower_days, median_days, upper_days, note."""
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y("step:N", sort=None, title=None, axis=alt.Axis(labelLimit=160))
    )
    top = max([*(row["upper_days"] for row in rows), 0]) * 1.1 or 1
    scale = alt.Scale(domainMin=min([*(row["lower_days"] for row in rows), 0]), domainMax=top)
    middle = base.mark_bar(color=MAIN, opacity=0.25, height=14).encode(
        x=alt.X("lower_days:Q", title="days", scale=scale, axis=alt.Axis(tickCount=6)),
        x2="upper_days:Q",
    )
    median = base.mark_tick(color=MAIN, thickness=4, height=22, opacity=1).encode(
        x="median_days:Q",
        tooltip=[
            alt.Tooltip("step:N", title="Step"),
            alt.Tooltip("lower_days:Q", title="First quartile", format=",.1f"),
            alt.Tooltip("median_days:Q", title="Median", format=",.1f"),
            alt.Tooltip("upper_days:Q", title="Third quartile", format=",.1f"),
        ],
    )
    text = base.mark_text(dy=-17, fontWeight="bold").encode(x="median_days:Q", text="note:N")
    return _finish(middle + median + text, 52 * max(len(rows), 1), description)


def matrix(rows: Sequence[Row], description: str) -> Spec:
    """Leads by fit grade and engagement level. Rows: grade, level, leads, note, shade (0 to 1)."""
    base = alt.Chart(_data(rows)).encode(
        x=alt.X(
            "level:O",
            title="Engagement (1 is most active)",
            axis=alt.Axis(orient="top", labelAngle=0, labelFontSize=14),
        ),
        y=alt.Y("grade:O", title="Fit (A fits best)", axis=alt.Axis(labelFontSize=14)),
        tooltip=[
            alt.Tooltip("grade:O", title="Fit"),
            alt.Tooltip("level:O", title="Engagement"),
            alt.Tooltip("leads:Q", title="Leads", format=","),
            alt.Tooltip("customers:Q", title="of them customers", format=","),
        ],
    )
    cells = base.mark_rect(color=MAIN, stroke=SURFACE, strokeWidth=3).encode(
        opacity=alt.Opacity(
            "shade:Q", scale=alt.Scale(domain=[0, 1], range=[0.06, 0.5]), legend=None
        )
    )
    count = base.mark_text(fontSize=17, dy=-7, fontWeight="bold").encode(text="count:N")
    note = base.mark_text(color=INK, dy=13, fontSize=12).encode(text="note:N")
    return _finish(cells + count + note, 230, description)


def model_ranges(rows: Sequence[Row], description: str) -> Spec:
    """Credits of each source under every model. Rows: lead_source, attribution_model, value.

    The model lead_source, which attributes nothing, stands apart and widens no span.
    """
    base = alt.Chart(_data(rows)).encode(y=alt.Y("lead_source:N", sort=None, title=None))
    attributed = base.transform_filter(alt.datum.attribution_model != "lead_source")
    span = attributed.mark_rule(color=MAIN, opacity=0.3, strokeWidth=8).encode(
        x=alt.X("min(value):Q", title="customers", axis=alt.Axis(tickCount=6)), x2="max(value):Q"
    )
    tooltip = [
        alt.Tooltip("lead_source:N", title="Source"),
        alt.Tooltip("attribution_model:N", title="Model"),
        alt.Tooltip("value:Q", title="Customers", format=",.1f"),
    ]
    models = attributed.mark_tick(color=MAIN, thickness=2, height=14, opacity=1).encode(
        x="value:Q", tooltip=tooltip
    )
    own = (
        base.transform_filter(alt.datum.attribution_model == "lead_source")
        .mark_point(color=SECOND, shape="diamond", size=110, filled=True, opacity=1)
        .encode(x="value:Q", tooltip=tooltip)
    )
    names = {row["lead_source"] for row in rows}
    return _finish(span + models + own, 26 * max(len(names), 1), description)


def goals(rows: Sequence[Row], description: str) -> Spec:
    """Progress to target. Rows: name, share (1 is the target), expected, note."""
    top = max([*(row["share"] for row in rows), *(row["expected"] or 0 for row in rows), 1]) * 1.1
    base = alt.Chart(_data(rows)).encode(y=alt.Y("name:N", sort=None, title=None))
    scale = alt.Scale(domain=[min([*(row["share"] for row in rows), 0]), top])
    bars = base.mark_bar(color=MAIN, height=16).encode(
        x=alt.X("share:Q", title="share of target", axis=alt.Axis(format=".0%"), scale=scale),
        tooltip=[alt.Tooltip("name:N", title="Goal"), alt.Tooltip("note:N", title="Standing")],
    )
    expected = base.mark_tick(color=SECOND, thickness=3, height=26, opacity=1).encode(
        x="expected:Q"
    )
    target = (
        alt.Chart(_data([{"one": 1}])).mark_rule(color=INK, strokeDash=[4, 3]).encode(x="one:Q")
    )
    return _finish(bars + expected + target, 44 * max(len(rows), 1), description)


def load(rows: Sequence[Row], description: str) -> Spec:
    """Demand against capacity per day. Rows: day (text), demand, capacity, spill."""
    axis = alt.Axis(labelAngle=0, labelOverlap="parity", labelSeparation=8)
    base = alt.Chart(_data(rows)).encode(
        x=alt.X("day:O", sort=None, title=None, axis=axis),
        tooltip=[
            alt.Tooltip("day:O", title="Day"),
            alt.Tooltip("demand:Q", title="MQLs"),
            alt.Tooltip("capacity:Q", title="Slots"),
            alt.Tooltip("spill:Q", title="Left over"),
        ],
    )
    legend = alt.Scale(
        domain=["MQLs of the day", "Slots", "Left over"], range=[MAIN, MUTED, SECOND]
    )
    bars = (
        base.transform_calculate(what="'MQLs of the day'")
        .mark_bar()
        .encode(y=alt.Y("demand:Q", title="MQLs"), color=alt.Color("what:N", scale=legend))
    )
    slots = (
        base.transform_calculate(what="'Slots'")
        .mark_line(interpolate="step")
        .encode(y="capacity:Q", color=alt.Color("what:N", scale=legend))
    )
    spill = (
        base.transform_calculate(what="'Left over'")
        .mark_line()
        .encode(y="spill:Q", color=alt.Color("what:N", scale=legend))
    )
    return _finish(bars + slots + spill, 220, description)


def thresholds(rows: Sequence[Row], hurdles: Sequence[str], description: str) -> Spec:
    """MQLs a week by threshold, a line per hurdle. Rows: threshold, hurdle, value, is_policy."""
    base = alt.Chart(_data(rows)).encode(
        x=alt.X("threshold:Q", title="engagement threshold", scale=alt.Scale(zero=False)),
        y=alt.Y("value:Q", title="MQLs per week"),
        color=alt.Color(
            "hurdle:N",
            scale=alt.Scale(
                domain=list(hurdles), range=[SERIES[n % len(SERIES)] for n in range(len(hurdles))]
            ),
        ),
        tooltip=[
            alt.Tooltip("hurdle:N", title="Fit hurdle"),
            alt.Tooltip("threshold:Q", title="Threshold"),
            alt.Tooltip("value:Q", title="MQLs per week", format=",.1f"),
        ],
    )
    policy = (
        base.transform_filter(alt.datum.is_policy)
        .mark_point(size=160, filled=True, shape="diamond", opacity=1)
        .encode(color=alt.value(INK))
    )
    return _finish(base.mark_line(point=True) + policy, 240, description)
