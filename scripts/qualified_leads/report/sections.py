"""The sections of the report, each from one or two tables of a release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import duckdb

from qualified_leads.figures import HEADINGS, STAGES, ratio
from qualified_leads.report import charts
from qualified_leads.report.data import (
    STAGE_STEPS,
    Row,
    months_between,
    read_attribution,
    read_quarantine,
    read_score_matrix,
    read_velocity,
    sums,
    sums_by,
    top_sources,
    with_ratios,
)
from qualified_leads.report.page import Chart, Column, Section, TileGroup, make_table, make_tile
from qualified_leads.report.words import (
    headline,
    month_name,
    movers,
    quality_changes,
    show,
    volume_changes,
)

# Of the stages that the rates lead to; five of them have to stand side by side on a phone.
SHORT = ("MQL", "SAL", "SQL", "Opp.", "Cust.")
MOST_ROWS = 3000  # of a table: more make the file large, and the report has them
STACKED_SOURCES = 5  # more colours than six cannot be told apart
SOURCE = Column("lead_source", "Source", "text")
COUNTS = [Column(stage, title) for stage, title in zip(STAGES, HEADINGS, strict=True)]
RATES = [
    Column(f"{stage}_rate", name.replace(" to ", " → "), "rate") for stage, name in STAGE_STEPS
]
UNIT_COSTS = [
    Column("cost_per_lead", "per lead", "money"),
    Column("cost_per_mql", "per MQL", "money"),
    Column("cost_per_sql", "per SQL", "money"),
    Column("cost_per_customer", "per customer", "money"),
]
UNITS = ("a lead cost", "an MQL", "an SQL", "a customer")

GLOSSARY = (
    ("Lead", "A person who was captured; duplicates and merged records count once."),
    (
        "MQL",
        "Marketing qualified lead: it fits, may be contacted, and was active enough or raised its "
        "hand, under the policy in force at that moment.",
    ),
    ("SAL", "Sales accepted lead: an MQL that sales took over."),
    (
        "SQL",
        "Sales qualified lead: the required criteria are met, or an opportunity was opened. Some "
        "are found by sales without an MQL.",
    ),
    (
        "Cohort",
        "The leads created in a month and whatever they have reached since; a later stage implies "
        "the earlier ones. Judges sources.",
    ),
    (
        "Period",
        "What happened in a month, whenever the leads were created. Judges months. The two bases "
        "must not be added or compared.",
    ),
    (
        "Mature",
        "A cohort old enough to judge (90 days after its month, unless set otherwise); a period "
        "whose month has ended. Young cohorts have spent and not yet sold.",
    ),
    ("Fit, engagement", "Who they are (A fits best) and what they do (1 is most active)."),
    ("ROI", "(Revenue − spend) / spend. Unknown without spend."),
    ("unknown", "Leads and spend whose source is missing or not mapped; they are never left out."),
)


@dataclass(frozen=True)
class Costs:
    """rpt_source_costs, split: complete months, mature cohorts and all cohorts."""

    periods: list[Row]
    mature: list[Row]
    cohorts: list[Row]
    running: list[Row]


def split(rows: Sequence[Row]) -> Costs:
    """Split the rows of rpt_source_costs by basis and maturity."""
    periods = [row for row in rows if row["basis"] == "period"]
    cohorts = [row for row in rows if row["basis"] == "cohort"]
    return Costs(
        [row for row in periods if row["is_mature"]],
        [row for row in cohorts if row["is_mature"]],
        cohorts,
        [row for row in periods if not row["is_mature"]],
    )


def last_two(rows: Sequence[Row]) -> tuple[date, date] | None:
    """The last month with a row and the calendar month before it, if any month is earlier."""
    months = sorted({row["month"] for row in rows})
    if len(months) < 2:
        return None
    return months[-1], months_between(months[0], months[-1])[-2]


def of_month(rows: Sequence[Row], month: date) -> list[Row]:
    return [row for row in rows if row["month"] == month]


def glance_section(costs: Costs, currency: str) -> Section:
    """What is up or down against the month before, for a reader with two minutes."""
    groups = []
    months = last_two(costs.periods)
    if months:
        now, before = (of_month(costs.periods, month) for month in months)
        changes = volume_changes(sums(now), sums(before))
        names = [month_name(month) for month in months]
        texts = [
            sentence
            for column, name in (("mqls", "MQLs"), ("customers", "customers"))
            if (sentence := movers_sentence(movers(now, before, column), name))
        ]
        tiles = [make_tile(change, currency, names[1]) for change in changes]
        title = f"{names[0]} against {names[1]}: what happened in the month"
        groups.append(TileGroup(title, headline(changes), tiles, texts))
    months = last_two(costs.mature)
    if months:
        now, before = (with_ratios(sums(of_month(costs.mature, month))) for month in months)
        changes = quality_changes(now, before)
        names = [month_name(month) for month in months]
        tiles = [make_tile(change, currency, names[1]) for change in changes]
        title = f"Leads created in {names[0]} against {names[1]}: what became of them"
        texts = [f"{names[0]} is the last cohort that is old enough to judge."]
        groups.append(TileGroup(title, headline(changes), tiles, texts))
    empty = "" if groups else "There are no two complete months to compare yet."
    notes = [
        "“May be chance” marks what differs by less than two standard errors of the counts behind "
        "it: as much as months differ when nothing has changed."
    ]
    return Section(
        "glance", "At a glance", tile_groups=groups, empty=empty, notes=notes if groups else ()
    )


def movers_sentence(rows: Sequence[Row], name: str) -> str:
    """`MQLs moved most in webinar (+8, to 20) and email (−3, to 4).`"""
    if not rows:
        return ""
    parts = [
        f"{row['lead_source']} ({'+' if row['difference'] > 0 else '−'}"
        f"{abs(row['difference']):,}, to {row['now']:,})"
        for row in rows
    ]
    return f"{name[0].upper()}{name[1:]} moved most in {', '.join(parts)}."


def by_month(rows: Sequence[Row]) -> list[Row]:
    """Sums per month, with a row of zeros for a month in between without any."""
    if not rows:
        return []
    found = {row["month"]: row for row in sums_by(rows, "month")}
    months = months_between(min(found), max(found))
    return [found.get(month, {"month": month, **sums([])}) for month in months]


def trend_section(costs: Costs, currency: str) -> Section:
    """Leads and MQLs of each complete month."""
    rows = by_month(costs.periods)
    if not rows:
        return Section("trend", "Trend", empty="No month has ended yet, so there is no trend.")
    source = "reports.rpt_source_costs, basis period, complete months"
    figures = []
    for column, title, color in (("leads", "Leads", charts.MAIN), ("mqls", "MQLs", charts.SECOND)):
        points = [{"month": f"{row['month']:%b %Y}", "value": row[column]} for row in rows]
        peak = max(points, key=lambda point: point["value"] or 0)
        label = (
            f"Line of {title} per month from {points[0]['month']} ({points[0]['value']:,}) to "
            f"{points[-1]['month']} ({points[-1]['value']:,}); most in {peak['month']} "
            f"({peak['value']:,}). The table below has the numbers."
        )
        spec = charts.trend(points, title, color, label)
        figures.append(
            Chart(f"trend-{column}", f"{title} per month", label, f"From {source}.", spec)
        )
    columns = [Column("month", "Month", "month"), *COUNTS]
    columns += [Column("revenue", "Revenue", "money"), Column("spend", "Spend", "money")]
    table = make_table(
        "months", "What happened in each month", columns, rows[::-1], currency, total_row(rows)
    )
    notes = [f"From {source}."]
    if costs.running:
        names = ", ".join(month_name(m) for m in sorted({r["month"] for r in costs.running}))
        notes.append(f"{names} has not ended and is left out.")
    return Section("trend", "Trend", charts=figures, tables=[table], notes=notes)


def total_row(rows: Sequence[Row], key: str = "month") -> Row:
    """Sums under the word `all`; of no rows they are zeros."""
    return {key: "all", **with_ratios(sums(rows))}


def funnel_section(costs: Costs, currency: str) -> Section:
    """From lead to customer: in total, by source, and by source and month."""
    if not costs.cohorts:
        return Section("funnel", "Funnel by source", empty="There are no leads and no spend yet.")
    basis = costs.mature or costs.cohorts
    which = "mature cohorts" if costs.mature else "all cohorts, none of which is mature yet"
    source = f"reports.rpt_lead_funnel and rpt_source_costs, basis cohort, {which}"
    total = with_ratios(sums(basis))
    sources = [with_ratios(row) for row in sums_by(basis, "lead_source")]
    sources.sort(key=lambda row: (-(row["leads"] or 0), str(row["lead_source"])))
    figures = [
        funnel_chart(total, source),
        rate_chart(sources, source),
        month_chart(costs.periods, "mqls", "MQLs"),
    ]
    months = sorted(costs.cohorts, key=lambda row: -row["month"].toordinal())[:MOST_ROWS]
    is_cut = len(months) < len(costs.cohorts)
    which_rows = f"the last {MOST_ROWS:,} rows of the cohorts" if is_cut else "all cohorts"
    by_source = [SOURCE, *COUNTS, Column("revenue", "Revenue", "money"), *RATES]
    tables = [
        make_table(
            "funnel-sources",
            f"Funnel by source ({which})",
            by_source,
            sources,
            currency,
            total_row(basis, "lead_source"),
        ),
        make_table(
            "funnel-months",
            f"Funnel by month and source ({which_rows}, the latest first)",
            [Column("month", "Month", "month"), SOURCE, *COUNTS, *RATES],
            [with_ratios(row) for row in months],
            currency,
        ),
    ]
    return Section(
        "funnel",
        "Funnel by source",
        charts=[figure for figure in figures if figure],
        tables=tables,
        notes=[f"From {source}; by month and source from rpt_source_costs."],
    )


def funnel_chart(total: Row, source: str) -> Chart:
    rows = []
    for stage, title in zip(STAGES, HEADINGS, strict=True):
        share = ratio(total[stage], total["leads"])
        note = f"{total[stage]:,}" + (
            f"  ({share:.1%} of leads)" if rows and share is not None else ""
        )
        rows.append({"stage": title, "value": total[stage], "note": note})
    label = "Funnel: " + ", ".join(f"{row['note']} {row['stage']}" for row in rows) + "."
    spec = charts.funnel(rows, label)
    return Chart("funnel-total", "From lead to customer", label, f"From {source}.", spec)


def rate_chart(sources: Sequence[Row], source: str) -> Chart:
    shown = [with_ratios(row) for row in top_sources(_additive(sources), "leads")]
    rows = []
    for key, step in zip((f"{stage}_rate" for stage, _ in STAGE_STEPS), SHORT, strict=True):
        known = [row[key] for row in shown if row[key] is not None]
        top = max(known, default=0)
        for row in shown:
            rate = row[key]
            rows.append(
                {
                    "lead_source": row["lead_source"],
                    "step": step,
                    "rate": rate,
                    "note": "–" if rate is None else f"{rate:.0%}",
                    "shade": (rate or 0) / top if top else 0,
                }
            )
    rows.sort(key=lambda r: [s["lead_source"] for s in shown].index(r["lead_source"]))
    label = (
        f"Grid of the rates between stages for {len(shown)} sources; stronger is higher "
        "within a step. The table below has the numbers."
    )
    spec = charts.rate_grid(rows, label)
    caption = (
        f"From {source}. The {len(shown)} largest by leads, to the stage named; stronger is "
        "higher within a column."
    )
    return Chart("funnel-rates", "Rate from each stage to the next", label, caption, spec)


def _additive(rows: Sequence[Row]) -> list[Row]:
    kept = ("lead_source", *STAGES, "revenue", "spend")
    return [{key: row[key] for key in kept} for row in rows]


def month_chart(periods: Sequence[Row], column: str, title: str) -> Chart | None:
    """Stacked bars of a count by month, of the largest sources and all others."""
    months = [row["month"] for row in by_month(periods)]
    if not months:
        return None
    ranked = top_sources(sums_by(periods, "lead_source"), column, STACKED_SOURCES)
    names = [row["lead_source"] for row in ranked]
    own = set(names[:STACKED_SOURCES]) if len(ranked) > STACKED_SOURCES + 1 else set(names)
    rows = []
    for month in months:
        values = dict.fromkeys(names, 0)
        for row in of_month(periods, month):
            name = row["lead_source"] if row["lead_source"] in own else names[-1]
            values[name] += row[column] or 0
        rows += [
            {"month": f"{month:%b %Y}", "lead_source": name, "value": value, "order": order}
            for order, (name, value) in enumerate(values.items())
        ]
    label = f"Stacked bars of {title} per month by source: {', '.join(map(str, names))}."
    caption = (
        "From reports.rpt_source_costs, basis period, complete months. "
        f"The largest sources by {title}, the others as one."
    )
    spec = charts.stacked_months(rows, names, title, label)
    name = f"{title} per month by source"
    return Chart(f"funnel-{column}", name, label, caption, spec, is_wide=True)


def cost_section(costs: Costs, currency: str) -> Section:
    """What a lead, MQL, SQL and customer cost, by source."""
    basis = costs.mature or costs.cohorts
    spent = [row for row in sums_by(basis, "lead_source") if row["spend"]]
    title = "Cost by source"
    if not spent:
        return Section("costs", title, empty="No spend is known yet, so nothing has a cost.")
    which = "mature cohorts" if costs.mature else "all cohorts, none of which is mature yet"
    source = f"reports.rpt_source_costs, basis cohort, {which}"
    shown = [with_ratios(row) for row in top_sources(spent, "spend")]
    figures = [cost_chart(column, shown, source, currency) for column in UNIT_COSTS]
    total = with_ratios(sums(basis))
    texts = [
        "On average "
        + ", ".join(
            f"{name} {show(total[column.key], 'money', currency)}"
            for name, column in zip(UNITS, UNIT_COSTS, strict=True)
        )
        + " (all spend over all of them, sources without spend included)."
    ]
    columns = [SOURCE, Column("spend", "Spend", "money"), *UNIT_COSTS]
    columns += [Column("revenue", "Revenue", "money"), Column("roi", "ROI", "rate")]
    rows = [with_ratios(row) for row in sums_by(basis, "lead_source")]
    rows.sort(key=lambda row: (-(row["spend"] or 0), str(row["lead_source"])))
    table = make_table(
        "cost-sources",
        f"Spend and cost by source, {currency} ({which})",
        columns,
        rows,
        currency,
        total_row(basis, "lead_source"),
    )
    return Section(
        "costs", title, texts=texts, charts=figures, tables=[table], notes=[f"From {source}."]
    )


def cost_chart(column: Column, shown: Sequence[Row], source: str, currency: str) -> Chart:
    rows = [
        {
            "name": row["lead_source"],
            "value": row[column.key],
            "note": show(row[column.key], "money", currency),
        }
        for row in shown
    ]
    rows.sort(key=lambda row: (row["value"] is None, row["value"] or 0))
    known = [row for row in rows if row["value"] is not None]
    title = f"Cost {column.title}, {currency}"
    label = f"Bars of the cost {column.title} for {len(rows)} sources"
    if known:
        label += (
            f", from {known[0]['note']} ({known[0]['name']}) to {known[-1]['note']} "
            f"({known[-1]['name']})"
        )
    label += ". The table below has the numbers."
    drawn = [{**row, "value": row["value"] or 0} for row in rows]
    spec = charts.bar_list(drawn, title, label)
    caption = f"From {source}. Sources with spend, the largest by spend; – where nobody got there."
    return Chart(column.key.replace("_", "-"), title, label, caption, spec)


def velocity_section(connection: duckdb.DuckDBPyConnection, currency: str) -> Section:
    """How long leads take from stage to stage."""
    names = dict(STAGE_STEPS)
    order = {stage: number for number, (stage, _) in enumerate(STAGE_STEPS)}
    rows = [row for row in read_velocity(connection, False) if row["stage"] in order]
    rows.sort(key=lambda row: order[row["stage"]])
    title = "Velocity"
    if not rows:
        return Section("velocity", title, empty="No lead has gone from one stage to the next yet.")
    source = "marts.fct_stage_entries, all entries that have both times"
    for row in rows:
        row["step"], row["note"] = names[row["stage"]], f"{row['median_days']:,.1f}"
    label = "Median days: " + ", ".join(f"{r['step']} {r['note']}" for r in rows) + "."
    chart = Chart(
        "velocity-steps",
        "Days between stages: median and middle half",
        label,
        f"From {source}. The bar spans the first to the third quartile.",
        charts.quartiles(rows, label),
    )
    columns = [
        Column("entries", "Entries"),
        Column("lower_days", "First quartile, days", "days"),
        Column("median_days", "Median, days", "days"),
        Column("upper_days", "Third quartile, days", "days"),
    ]
    steps = make_table(
        "velocity",
        "Days between stages",
        [Column("step", "Step", "text"), *columns],
        rows,
        currency,
    )
    sources = [row for row in read_velocity(connection, True) if row["stage"] in order]
    for row in sources:
        row["step"] = names[row["stage"]]
    sources.sort(key=lambda row: (str(row["lead_source"]), order[row["stage"]]))
    by_source = make_table(
        "velocity-sources",
        "Days between stages by source",
        [SOURCE, Column("step", "Step", "text"), *columns],
        sources,
        currency,
    )
    return Section(
        "velocity", title, charts=[chart], tables=[steps, by_source], notes=[f"From {source}."]
    )


def score_section(connection: duckdb.DuckDBPyConnection, currency: str) -> Section:
    """Leads by fit grade and engagement level."""
    rows = read_score_matrix(connection)
    title = "Scores, A1 to C3"
    if not rows:
        return Section("scores", title, empty="No lead has a score yet.")
    most = max(row["leads"] for row in rows)
    for row in rows:
        row["label"] = f"{row['grade']}{row['level']}"
        row["customer_rate"] = ratio(row["customers"], row["leads"])
        row["count"] = f"{row['leads']:,}"
        row["note"] = f"{row['customer_rate'] or 0:.1%} customers"
        # By the root: else one large cell leaves all others pale.
        row["shade"] = (row["leads"] / most) ** 0.5
    label = "Leads by score: " + ", ".join(f"{r['label']} {r['leads']:,}" for r in rows) + "."
    chart = Chart(
        "score-matrix",
        "Leads by fit and engagement as of the release",
        label,
        "From marts.fct_lead_scores and fct_leads. Stronger is more leads.",
        charts.matrix(rows, label),
    )
    columns = [
        Column("label", "Label", "text"),
        Column("leads", "Leads"),
        Column("mqls", "became MQL"),
        Column("customers", "became customer"),
        Column("customer_rate", "Lead → customer", "rate"),
    ]
    total = {"label": "all", **sums(rows, ("leads", "mqls", "customers"))}
    table = make_table("scores-table", "Leads by score", columns, rows, currency, total)
    return Section(
        "scores",
        title,
        charts=[chart],
        tables=[table],
        notes=[
            "Scores as they are now; many customers are no longer active and so have a low level."
        ],
    )


# Sources that are none, and the heading of what the models are compared with.
SOURCELESS = ("unknown", "unattributed")
OWN_SOURCE = "lead's own"


def attribution_section(connection: duckdb.DuckDBPyConnection, currency: str) -> Section:
    """Whether the answer depends on the attribution model."""
    rows = read_attribution(connection)
    title = "Attribution"
    if not rows:
        return Section(
            "attribution", title, empty="No cohort is mature yet, so nothing is attributed."
        )
    models = list(dict.fromkeys(row["attribution_model"] for row in rows))
    largest: dict[Any, float] = {}
    for row in rows:
        source = row["lead_source"]
        largest[source] = max(largest.get(source, 0), row["customers"] or 0)
    # What has no source is no source to compare, however large.
    ranked = sorted(largest, key=lambda name: (name in SOURCELESS, -largest[name], str(name)))
    # Credits of sources left out are not summed: a span over 'other' would say nothing.
    drawn = [name for name in ranked[:13] if largest[name]]
    position = {name: number for number, name in enumerate(drawn)}
    points = [
        {
            "lead_source": row["lead_source"],
            "attribution_model": row["attribution_model"],
            "value": row["customers"] or 0,
        }
        for row in rows
        if row["lead_source"] in position
    ]
    points.sort(key=lambda point: position[point["lead_source"]])
    label = (
        f"For {len(drawn)} sources, the customers that each of {len(models)} models credits to "
        "them. The table below has the numbers."
    )
    source = "reports.rpt_attributed_source_costs, basis cohort, mature cohorts"
    chart = Chart(
        "attribution-models",
        "Customers by source under each attribution model",
        label,
        f"From {source}. Each tick is a model and the bar their span; the diamond, no part of it, "
        f"is the lead's own source. The {len(drawn)} sources with the most; the table has all.",
        charts.model_ranges(points, label),
    )
    names = [OWN_SOURCE if name == "lead_source" else name for name in models]
    columns = [SOURCE, *(Column(f"m{n}", name, "number") for n, name in enumerate(names))]
    wide = pivot(rows, models, ranked, "customers")
    costs = pivot(rows, models, ranked, "cost_per_customer")
    total = {"lead_source": "all", **sums(wide, [f"m{n}" for n in range(len(models))])}
    cost_columns = [replace(column, kind="money") for column in columns[1:]]
    tables = [
        make_table(
            "attribution-customers", "Customers credited, by model", columns, wide, currency, total
        ),
        make_table(
            "attribution-costs",
            f"Cost per customer by model, {currency}",
            [SOURCE, *cost_columns],
            costs,
            currency,
        ),
    ]
    return Section(
        "attribution",
        title,
        texts=[
            "A source whose span is short can be judged by any model; a wide one depends on it."
            + unknown_credits(rows)
        ],
        charts=[chart] if drawn else [],
        tables=tables,
        notes=[
            f"From {source}. Under '{OWN_SOURCE}' customers count for the source of the lead, "
            "without attribution. Spend is the same in every model. No cost is shown where a model "
            "credits less than one customer; that of unknown is spend without a source."
        ],
    )


def unknown_credits(rows: Sequence[Row]) -> str:
    """A sentence about the share of credits that no source gets, over the models."""
    shares = []
    for model in {row["attribution_model"] for row in rows} - {"lead_source"}:
        credits = {
            row["lead_source"]: row["customers"] or 0
            for row in rows
            if row["attribution_model"] == model
        }
        lost = sum(credits.get(name, 0) for name in SOURCELESS)
        shares.append(ratio(lost, sum(credits.values())) or 0.0)
    if not shares or not max(shares):
        return ""
    return (
        f" {min(shares):.0%} to {max(shares):.0%} of the customers, by model, are credited to "
        "touches of unknown source or to none; reports.rpt_unmapped_sources has what can be mapped."
    )


def pivot(
    rows: Sequence[Row], models: Sequence[str], sources: Sequence[Any], what: str
) -> list[Row]:
    """One row per source with a column m0, m1, ... per model."""
    found = {(row["lead_source"], row["attribution_model"]): row for row in rows}

    def value(source: Any, model: str) -> float | None:
        row = found.get((source, model))
        if row is None:
            return None
        if what != "cost_per_customer":
            return row[what]
        # Below one customer a cost says more about the fraction than about the source.
        return ratio(row["spend"], row["customers"]) if (row["customers"] or 0) >= 1 else None

    return [
        {"lead_source": s, **{f"m{n}": value(s, model) for n, model in enumerate(models)}}
        for s in sources
    ]


def quarantine_section(connection: duckdb.DuckDBPyConnection, currency: str) -> Section:
    """Rows that were held back."""
    rows = read_quarantine(connection)
    title = "Held back (quarantine)"
    if not rows:
        return Section("quarantine", title, empty="Nothing was held back: every row is counted.")
    total = sum(row["row_count"] for row in rows)
    drawn = [
        {
            "name": f"{row['table_name']}: {row['reason']}",
            "value": row["row_count"],
            "note": f"{row['row_count']:,}",
        }
        for row in rows[:15]
    ]
    label = f"Rows held back by table and reason, {total:,} in all; most: {drawn[0]['name']}."
    chart = Chart(
        "quarantine-rows",
        "Rows held back by table and reason",
        label,
        f"From reports.rpt_quarantine. The {len(drawn)} largest; the table has all.",
        charts.bar_list(drawn, "rows", label, charts.SECOND, names=220),
    )
    columns = [
        Column("table_name", "Raw table", "text"),
        Column("reason", "Reason", "text"),
        Column("row_count", "Rows"),
    ]
    table = make_table(
        "quarantine-table",
        "Rows held back",
        columns,
        rows,
        currency,
        {"table_name": "all", "row_count": total},
    )
    return Section(
        "quarantine",
        title,
        texts=[f"{total:,} rows have a wrong meaning and are in no number above."],
        charts=[chart],
        tables=[table],
    )
