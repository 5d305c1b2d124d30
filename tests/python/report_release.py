"""Release files of any size, written directly: what the report and the exports read."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

NAME = "20260701T000000-0000abcd.duckdb"
AS_OF = datetime(2026, 7, 1)
MONTHS = [date(2026, month, 1) for month in range(1, 7)]
EMAIL = "zoe.private@example.com"

# Names that would do harm wherever text is taken for HTML, script, an expression or a formula.
HOSTILE = [
    "<script>window.hacked=1</script>",
    "</script><script>window.hacked=2</script>",
    "</style><img src=x onerror=window.hacked=3>",
    "'\"><svg onload=window.hacked=4>",
    "<!--<script>",
    "{{ 7 * 7 }}{% raw %}",
    "datum['x']; window.hacked=5",
    "${window.hacked=6}",
    "javascript:window.hacked=7",
    "__proto__",
    "constructor",
    '=HYPERLINK("http://192.0.2.1/?leak","win")',
    "@SUM(1+1)",
    "-2+3",
    "+49 30",
    "a\tb",
    "two\nlines",
    "\u202egnp.evil",
    "&lt;b&gt;&amp;",
    "",
    " ",
    "null",
    "other (48 sources)",
    "x" * 400,
    "Straße & Söhne 🎉",
    "http://192.0.2.1/image.png",
    "a,b;c|d",
    'quote"d',
    "O'Brien",
    "\\u003c\\",
]

SCHEMA = """
create schema marts;
create schema reports;
create table marts.dim_leads (lead_id varchar, email varchar, first_name varchar);
create table marts.fct_leads (
    lead_id varchar, created_at timestamp, lead_source varchar, owner_id varchar,
    fit_score double, engagement_score double, label varchar, current_stage varchar,
    mql_at timestamp, revenue decimal(38, 2), has_reached_mql boolean, has_reached_sql boolean,
    has_reached_customer boolean
);
create table marts.fct_lead_scores (lead_id varchar, grade varchar, level varchar, label varchar);
create table marts.fct_mqls (
    lead_id varchar, episode bigint, lead_source varchar, mql_at timestamp, trigger varchar,
    fit_score double, engagement_score double, label varchar, policy_version varchar,
    outcome varchar
);
create table marts.fct_stage_entries (
    lead_id varchar, episode bigint, stage varchar, lead_source varchar, entered_at timestamp,
    days_since_previous_stage double
);
create table reports.rpt_lead_funnel (basis varchar, month date, lead_source varchar, leads bigint);
create table reports.rpt_source_costs (
    basis varchar, month date, lead_source varchar, spend decimal(20, 2), leads bigint,
    mqls bigint, sals bigint, sqls bigint, opportunities bigint, customers bigint,
    revenue decimal(20, 2), is_mature boolean
);
create table reports.rpt_attributed_source_costs (
    attribution_model varchar, basis varchar, month date, lead_source varchar,
    spend decimal(20, 2), mqls double, sqls double, customers double, revenue double,
    is_mature boolean
);
create table reports.rpt_quarantine (table_name varchar, reason varchar, row_count bigint);
"""

# As the models of these names have them.
OPTIONAL_SCHEMA = """
create table reports.rpt_goal_progress (
    goal_id varchar, statement varchar, owner varchar, metric varchar, start_date date,
    due_date date, baseline double, target double, actual_value double, expected_by_now double,
    projection double, goal_status varchar
);
create table reports.rpt_pipeline_forecast (
    stage varchar, step bigint, starts_at timestamp, ends_at timestamp, open_leads bigint,
    expected_customers double, expected_revenue double
);
create table reports.rpt_unqualified_leads (
    lead_id varchar, unqualified_reason varchar, can_requalify boolean
);
create table reports.rpt_sdr_load (
    day_date date, demand bigint, capacity bigint, spill bigint, idle bigint, answered bigint,
    answered_in_time bigint
);
create table reports.rpt_mql_thresholds (
    fit_hurdle double, engagement_threshold double, is_policy boolean, mqls bigint,
    mqls_per_week double, mql_to_sql_rate double, mql_to_customer_rate double,
    customers_caught_rate double, sdr_load_rate double, spend_per_mql double,
    is_filling_capacity boolean
);
"""


def hostile_sources(count: int) -> list[str]:
    return [HOSTILE[n] if n < len(HOSTILE) else f"source {n}" for n in range(count)]


def write_release(
    directory: Path, sources: list[str], *, optional: bool = False, name: str = NAME
) -> Path:
    """A release with six months of figures for each source; without sources every table is empty.

    Source number n has 10 + n leads in the first month and n + 1 more in each later one.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / name
    with duckdb.connect(str(path)) as connection:
        connection.execute(SCHEMA)
        if optional:
            connection.execute(OPTIONAL_SCHEMA)
        connection.execute("begin")
        for number, source in enumerate(sources):
            _fill(connection, number, source)
        if sources and optional:
            _fill_optional(connection, sources[0])
        if sources:
            connection.execute(
                "insert into reports.rpt_quarantine values ('leads', ?, 7), ('spend', 'future', 2)",
                [sources[0]],
            )
            connection.execute("insert into marts.dim_leads values ('L0-0', ?, 'Zoe')", [EMAIL])
        connection.execute("commit")
    return path


def _fill(connection: duckdb.DuckDBPyConnection, number: int, source: str) -> None:
    insert = "insert into {} values ({})"
    rows, credits = [], []
    for index, month in enumerate(MONTHS):
        leads = 10 + number + index * (number + 1)
        counts = [leads, leads // 2, leads // 3, leads // 4, leads // 5, leads // 6]
        spend, revenue = 12.34 * (number + index), 1000.5 * (leads // 6)
        rows.append(["period", month, source, spend, *counts, revenue, True])
        rows.append(["cohort", month, source, spend, *counts, revenue, index < 3])
        for model, share in (("lead_source", 1.0), ("linear", 0.5)):
            credit = counts[-1] * share
            credits.append([model, "cohort", month, source, spend, 1, 1, credit, 1, index < 3])
    connection.executemany(insert.format("reports.rpt_source_costs", ", ".join("?" * 12)), rows)
    connection.executemany(
        insert.format("reports.rpt_attributed_source_costs", ", ".join("?" * 10)), credits
    )
    leads, scores, mqls, entries = [], [], [], []
    for index, label in enumerate(("A1", "B2", "C3")):
        lead_id = f"L{number}-{index}"
        mql_at = AS_OF - timedelta(days=30 - index)
        leads.append(
            [lead_id, mql_at - timedelta(days=index), source, f"owner {index}", 50.0, 40.0, label]
            + ["mql", mql_at, 0, True, False, index == 0]
        )
        scores.append([lead_id, label[0], label[1], label])
        mqls.append([lead_id, 1, source, mql_at, "activity", 50.0, 45.5, label, "v1", "open"])
        entries.append([lead_id, 1, "mql", source, mql_at, float(index)])
    for table, values in (
        ("fct_leads", leads),
        ("fct_lead_scores", scores),
        ("fct_mqls", mqls),
        ("fct_stage_entries", entries),
    ):
        marks = ", ".join("?" * len(values[0]))
        connection.executemany(insert.format(f"marts.{table}", marks), values)


def _fill_optional(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    day = date(2026, 6, 1)
    connection.execute(
        "insert into reports.rpt_goal_progress values "
        "('goal', ?, ?, 'mql', ?, ?, 23, 27.6, 28, 27.6, 28, 'on_track'), "
        "('other', 'no baseline', ?, 'mql', ?, ?, null, null, 0, null, null, 'not_measurable')",
        [text, text, day, day, text, day, day],
    )
    connection.execute(
        "insert into reports.rpt_pipeline_forecast values "
        "('mql', 1, ?, ?, 9, 0.5, 100.5), ('sql', 1, ?, ?, 9, 1.5, 200)",
        [AS_OF, AS_OF + timedelta(days=30)] * 2,
    )
    connection.execute(
        "insert into reports.rpt_unqualified_leads values "
        "('L1', ?, true), ('L2', 'no_consent', false), ('L3', 'no_consent', true)",
        [text],
    )
    connection.execute(
        "insert into reports.rpt_sdr_load values (?, 5, 4, 1, 0, 4, 3), (?, 2, 4, 0, 1, 3, 3)",
        [day, day + timedelta(days=1)],
    )
    connection.execute(
        "insert into reports.rpt_mql_thresholds values "
        "(40, 45, true, 90, 3.5, 0.5, 0.1, 0.8, 1.2, 310.25, false), "
        "(40, 50, false, 70, 2.5, null, null, 0.7, 0.9, 400, true)"
    )
