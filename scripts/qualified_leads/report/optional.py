"""Sections of the report whose tables not every release has: goals, forecast, queue and more."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from qualified_leads.figures import ratio
from qualified_leads.report import charts
from qualified_leads.report.data import read, sums
from qualified_leads.report.page import Chart, Column, Section, make_table
from qualified_leads.report.words import show

Maker = Callable[[duckdb.DuckDBPyConnection, str], Section]


def sections(
    connection: duckdb.DuckDBPyConnection, tables: set[str], currency: str
) -> list[Section]:
    """One section for each of the tables that is there."""
    makers: tuple[tuple[str, Maker], ...] = (
        ("reports.rpt_goal_progress", goal_section),
        ("reports.rpt_pipeline_forecast", forecast_section),
        ("reports.rpt_unqualified_leads", reason_section),
        ("reports.rpt_sdr_load", load_section),
        ("reports.rpt_mql_thresholds", threshold_section),
    )
    return [make(connection, currency) for table, make in makers if table in tables]


def goal_section(connection: duckdb.DuckDBPyConnection, currency: str) -> Section:
    """Where each goal stands, and where it ends at the pace so far."""
    rows = read(
        connection,
        "select goal_id, statement, owner, metric, start_date, due_date, baseline, target, "
        "actual_value as actual, expected_by_now, projection, goal_status "
        "from reports.rpt_goal_progress "
        "order by due_date, goal_id",
    )
    title = "Goals"
    if not rows:
        return Section("goals", title, empty="No goals are set (seeds/smart_goals.csv).")
    drawn = []
    for row in rows:
        row["goal_status"] = str(row["goal_status"]).replace("_", " ")
        share = ratio(row["actual"], row["target"])
        if share is not None:
            actual, target = (show(row[key], "count", currency) for key in ("actual", "target"))
            drawn.append(
                {
                    "name": row["goal_id"],
                    "share": share,
                    "expected": ratio(row["expected_by_now"], row["target"]),
                    "note": f"{actual} of {target}, {row['goal_status']}",
                }
            )
    label = "Goals: " + "; ".join(f"{row['name']}: {row['note']}" for row in drawn) + "."
    chart = Chart(
        "goal-progress",
        "Reached share of each target",
        label,
        "From reports.rpt_goal_progress. The mark is where the goal should be by now, the dashed "
        "line the target.",
        charts.goals(drawn, label),
    )
    columns = [
        Column("statement", "Goal", "text"),
        Column("owner", "Owner", "text"),
        Column("goal_status", "Status", "text"),
        Column("baseline", "Baseline", "number"),
        Column("target", "Target", "number"),
        Column("actual", "So far", "number"),
        Column("expected_by_now", "Expected by now", "number"),
        Column("projection", "Ends at this pace", "number"),
        Column("due_date", "Due", "day"),
    ]
    table = make_table("goals-table", "Where each goal stands", columns, rows, currency)
    return Section("goals", title, charts=[chart] if drawn else [], tables=[table])


def forecast_section(connection: duckdb.DuckDBPyConnection, currency: str) -> Section:
    """What the open pipeline will bring, by when."""
    rows = read(
        connection,
        "select step, any_value(starts_at) as starts_at, any_value(ends_at) as ends_at, "
        "sum(expected_customers) as customers, sum(expected_revenue) as revenue "
        "from reports.rpt_pipeline_forecast group by step order by step",
    )
    title = "Forecast"
    if not rows:
        return Section("forecast", title, empty="There is no open pipeline to forecast from.")
    for row in rows:
        row["until"] = f"until {show(row['ends_at'], 'day', currency)}"
    drawn = [
        {
            "name": row["until"],
            "value": row["revenue"] or 0,
            "note": show(row["revenue"], "money", currency),
        }
        for row in rows
    ]
    total = sums(rows, ("customers", "revenue"))
    label = "Expected revenue: " + ", ".join(f"{row['name']} {row['note']}" for row in drawn) + "."
    chart = Chart(
        "forecast-steps",
        f"Expected revenue of what is open now, {currency}",
        label,
        "From reports.rpt_pipeline_forecast, all stages. Leads that are no MQL yet are not in it.",
        charts.bar_list(drawn, "revenue", label),
    )
    columns = [
        Column("until", "Month", "text"),
        Column("customers", "Expected customers", "days"),
        Column("revenue", "Expected revenue", "money"),
    ]
    table = make_table(
        "forecast-table", "Forecast by month", columns, rows, currency, {"until": "all", **total}
    )
    return Section("forecast", title, charts=[chart], tables=[table])


def reason_section(connection: duckdb.DuckDBPyConnection, currency: str) -> Section:
    """Why leads are not qualified."""
    rows = read(
        connection,
        "select unqualified_reason, count(*) as leads, "
        "count(*) filter (where can_requalify) as can_requalify "
        "from reports.rpt_unqualified_leads group by unqualified_reason "
        "order by leads desc, unqualified_reason",
    )
    title = "Why leads are not qualified"
    if not rows:
        return Section("reasons", title, empty="Every lead is qualified.")
    for row in rows:
        row["reason"] = str(row["unqualified_reason"] or "unknown").replace("_", " ")
    drawn = [
        {"name": row["reason"], "value": row["leads"], "note": f"{row['leads']:,}"} for row in rows
    ]
    label = "Leads by the first reason: " + ", ".join(f"{r['name']} {r['note']}" for r in drawn)
    chart = Chart(
        "reason-leads",
        "Leads that are no MQL now, by the first reason",
        f"{label}.",
        "From reports.rpt_unqualified_leads.",
        charts.bar_list(drawn, "leads", label, names=220),
    )
    columns = [
        Column("reason", "Reason", "text"),
        Column("leads", "Leads"),
        Column("can_requalify", "of them can come back"),
    ]
    total = {"reason": "all", **sums(rows, ("leads", "can_requalify"))}
    table = make_table("reasons-table", "Reasons", columns, rows, currency, total)
    return Section("reasons", title, charts=[chart], tables=[table])


def load_section(connection: duckdb.DuckDBPyConnection, currency: str) -> Section:
    """Whether sales has the slots for the MQLs that come."""
    rows = read(
        connection,
        "select day_date, demand, capacity, spill, idle, answered, answered_in_time "
        "from reports.rpt_sdr_load order by day_date",
    )
    title = "Queue of sales"
    if not rows:
        return Section("load", title, empty="There is no day to show yet.")
    columns = ("demand", "capacity", "idle", "answered", "answered_in_time")
    total = sums(rows, columns)
    drawn = [{**row, "day": f"{row['day_date']:%-d %b}", "day_date": None} for row in rows]
    label = (
        f"MQLs and slots per day from {drawn[0]['day']} to {drawn[-1]['day']}: {total['demand']:,} "
        f"MQLs, {total['capacity']:,} slots, {rows[-1]['spill']:,} left over at the end."
    )
    in_time = ratio(total["answered_in_time"], total["answered"])
    texts = [
        f"{total['demand']:,} MQLs came and {total['capacity']:,} slots were there; "
        f"{show(in_time, 'rate', currency)} of the {total['answered']:,} answers were in time."
    ]
    chart = Chart(
        "load-days",
        "MQLs against slots per day",
        label,
        "From reports.rpt_sdr_load. Left over: what no slot was there for, carried on.",
        charts.load(drawn, label),
    )
    table = make_table(
        "load-table",
        "Load by day",
        [
            Column("day_date", "Day", "day"),
            Column("demand", "MQLs"),
            Column("capacity", "Slots"),
            Column("spill", "Left over"),
            Column("idle", "Idle slots"),
            Column("answered", "Answered"),
            Column("answered_in_time", "in time"),
        ],
        rows[::-1],
        currency,
        {"day_date": "all", **total},
    )
    return Section("load", title, texts=texts, charts=[chart], tables=[table])


def threshold_section(connection: duckdb.DuckDBPyConnection, currency: str) -> Section:
    """What other hurdles and thresholds would have brought."""
    rows = read(
        connection,
        "select fit_hurdle, engagement_threshold, is_policy, mqls, mqls_per_week, mql_to_sql_rate, "
        "mql_to_customer_rate, customers_caught_rate, sdr_load_rate, spend_per_mql, "
        "is_filling_capacity from reports.rpt_mql_thresholds "
        "order by fit_hurdle, engagement_threshold",
    )
    title = "Other thresholds"
    if not rows:
        return Section("thresholds", title, empty="No other thresholds were tried.")
    drawn = [
        {
            "threshold": row["engagement_threshold"],
            "hurdle": f"fit {row['fit_hurdle']:g}",
            "value": row["mqls_per_week"],
            "is_policy": bool(row["is_policy"]),
        }
        for row in rows
    ]
    hurdles = list(dict.fromkeys(row["hurdle"] for row in drawn))
    policy = next((row for row in rows if row["is_policy"]), None)
    label = f"MQLs per week by engagement threshold, a line for each of {len(hurdles)} fit hurdles"
    if policy:
        label += f"; the policy has {show(policy['mqls_per_week'], 'days', currency)}"
    chart = Chart(
        "threshold-lines",
        "MQLs per week that other thresholds would have brought",
        f"{label}.",
        "From reports.rpt_mql_thresholds. The diamond is the policy in force.",
        charts.thresholds(drawn, hurdles, label),
    )
    columns = [
        Column("fit_hurdle", "Fit hurdle", "plain"),
        Column("engagement_threshold", "Engagement threshold", "plain"),
        Column("is_policy", "Policy", "yes"),
        Column("mqls", "MQLs"),
        Column("mqls_per_week", "per week", "days"),
        Column("mql_to_sql_rate", "MQL → SQL", "rate"),
        Column("mql_to_customer_rate", "MQL → customer", "rate"),
        Column("customers_caught_rate", "Customers caught", "rate"),
        Column("sdr_load_rate", "Load of sales", "rate"),
        Column("spend_per_mql", "Spend per MQL", "money"),
        Column("is_filling_capacity", "Fills the desk", "yes"),
    ]
    table = make_table("thresholds-table", "Hurdles and thresholds", columns, rows, currency)
    notes = [
        "Leads that were no MQL were not worked by sales, so rows below the policy understate "
        "their rates."
    ]
    return Section("thresholds", title, charts=[chart], tables=[table], notes=notes)
