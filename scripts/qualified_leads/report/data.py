"""What the report reads from a release: a handful of small aggregates, never a person's row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from qualified_leads.figures import STAGES, ratio

Row = dict[str, Any]

TOP_SOURCES = 12  # bars that a phone shows without scrolling; the rest add up to one
ADDITIVE = (*STAGES, "revenue", "spend")
STAGE_STEPS = (
    ("mql", "Lead to MQL"),
    ("sal", "MQL to SAL"),
    ("sql", "SAL to SQL"),
    ("opportunity", "SQL to opportunity"),
    ("customer", "Opportunity to customer"),
)


def read(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Sequence[Any] = ()
) -> list[Row]:
    """Rows as dictionaries; decimals as floats, as both tables and charts show them rounded."""
    result = connection.execute(query, list(parameters))
    names = [column[0] for column in result.description]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in result.fetchall()]


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def read_costs(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """rpt_source_costs, which has the counts of rpt_lead_funnel too: basis x month x source."""
    columns = ", ".join(ADDITIVE)
    return read(
        connection,
        f"select basis, month, lead_source, is_mature, {columns} from reports.rpt_source_costs "
        "where month is not null order by basis, month, lead_source",
    )


def sums(rows: Sequence[Row], columns: Sequence[str] = ADDITIVE) -> Row:
    """Sums over rows; a sum over unknown values only is unknown."""
    result: Row = {}
    for column in columns:
        known = [row[column] for row in rows if row[column] is not None]
        result[column] = sum(known) if known or not rows else None
    return result


def sums_by(rows: Sequence[Row], key: str, columns: Sequence[str] = ADDITIVE) -> list[Row]:
    """Sums per value of `key`, in the order in which the values first come."""
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return [{key: value, **sums(group, columns)} for value, group in groups.items()]


def with_ratios(row: Row) -> Row:
    """The row with rates between stages, unit costs and roi, from its sums."""
    steps = {
        f"{stage}_rate": ratio(row[to], row[of])
        for (stage, _), of, to in zip(STAGE_STEPS, STAGES, STAGES[1:], strict=False)
    }
    costs = {
        f"cost_per_{one}": ratio(row["spend"], row[many])
        for one, many in (
            ("lead", "leads"),
            ("mql", "mqls"),
            ("sql", "sqls"),
            ("opportunity", "opportunities"),
            ("customer", "customers"),
        )
    }
    known = row["revenue"] is not None and row["spend"] is not None
    roi = ratio(row["revenue"] - row["spend"], row["spend"]) if known else None
    return {**row, **steps, **costs, "roi": roi}


def top_sources(rows: Sequence[Row], by: str, count: int = TOP_SOURCES) -> list[Row]:
    """The largest rows by a sum, then one for all others together, whose name says how many.

    One source too many is shown rather than called 'other'.
    """
    ordered = sorted(rows, key=lambda row: (-(row[by] or 0), str(row["lead_source"])))
    if len(ordered) <= count + 1:
        return ordered
    rest = ordered[count:]
    name = f"other ({len(rest)} sources)"
    while any(row["lead_source"] == name for row in ordered):  # one that has this very name
        name += "…"
    columns = [c for c in rest[0] if c != "lead_source"]
    return [*ordered[:count], {"lead_source": name, **sums(rest, columns)}]


def months_between(first: date, last: date) -> list[date]:
    """Every first of a month from one to the other, both included."""
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers]


def read_velocity(connection: duckdb.DuckDBPyConnection, by_source: bool) -> list[Row]:
    """Quartiles of the days between a stage and the one before it, over entries with both times.

    One row per stage, or per stage and lead source. Medians do not add up, so they come from the
    entries and not from the medians of the report.
    """
    key = "stage, lead_source" if by_source else "stage"
    return read(
        connection,
        f"""
        select
            {key},
            count(*) as entries,
            quantile_cont(days_since_previous_stage, 0.25) as lower_days,
            median(days_since_previous_stage) as median_days,
            quantile_cont(days_since_previous_stage, 0.75) as upper_days
        from marts.fct_stage_entries
        where stage <> 'lead' and days_since_previous_stage is not null
        group by {key}
        order by {key}
        """,
    )


def read_score_matrix(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """One row per fit grade and engagement level: leads, and how many became MQL and customer."""
    return read(
        connection,
        """
        select
            scores.grade,
            cast(scores.level as varchar) as level,
            count(*) as leads,
            count(*) filter (where leads.has_reached_mql) as mqls,
            count(*) filter (where leads.has_reached_customer) as customers
        from marts.fct_lead_scores as scores
        left join marts.fct_leads as leads on scores.lead_id = leads.lead_id
        where scores.grade is not null and scores.level is not null
        group by scores.grade, scores.level
        order by scores.grade, scores.level
        """,
    )


def read_attribution(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """One row per attribution model and source: credits, spend and revenue of mature cohorts."""
    return read(
        connection,
        """
        select
            attribution_model,
            lead_source,
            sum(spend) as spend,
            sum(mqls) as mqls,
            sum(sqls) as sqls,
            sum(customers) as customers,
            sum(revenue) as revenue
        from reports.rpt_attributed_source_costs
        where basis = 'cohort' and is_mature
        group by attribution_model, lead_source
        order by attribution_model <> 'lead_source', attribution_model, lead_source
        """,
    )


def read_quarantine(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """Rows held back per raw table and reason, the largest first."""
    return read(
        connection,
        "select table_name, reason, row_count from reports.rpt_quarantine "
        "where row_count > 0 order by row_count desc, table_name, reason",
    )
