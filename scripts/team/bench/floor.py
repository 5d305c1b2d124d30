"""What the same rows cost in DuckDB alone: two measures to hold a build against.

`LEAST` is the least that any engine has to do: read the lake, join the rules, sum the decayed
points of each lead, and sort once per lead, which any evaluation of change points in time needs.
It writes nothing; its result is three numbers.

`core` is what somebody would write by hand for the tables that are read most, in one script without
dbt: clean and unique activities, the score of each lead at the end of each day on which something
happened, its score now, and its touches in order. It knows no merges, fit, episodes, stages,
signals, reports or tests.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

_RULES = """
    create temp table rules as
    select
        lower(trim(activity_type)) as activity_type,
        score_group,
        points,
        coalesce(cast(half_life_days as double), 'infinity') as half_life_days,
        dense_rank() over (order by score_group, half_life_days) as slot,
        coalesce(is_touch, false) as is_touch,
        coalesce(cast(valid_from as timestamp), '-infinity') as valid_from,
        coalesce(cast(valid_to as timestamp), 'infinity') as valid_to
    from read_csv($rules, header = true)
"""
LEAST = """
    with
        events as (
            select
                activities.lead_id,
                activities.occurred_at,
                rules.score_group,
                rules.points * power(
                    2.0, -epoch($as_of - activities.occurred_at) / 86400 / rules.half_life_days
                ) as points
            from read_parquet($activities, union_by_name = true) as activities
            inner join
                rules
                on lower(trim(activities.activity_type)) = rules.activity_type
                and activities.occurred_at >= rules.valid_from
                and activities.occurred_at < rules.valid_to
            where activities.occurred_at <= $as_of
        ),
        scores as (select lead_id, score_group, sum(points) as score from events group by all),
        running as (
            select
                lead_id,
                sum(points) over (partition by lead_id order by occurred_at) as score
            from events
        )
    select
        (select count(*) from events),
        (select sum(score) from scores),
        (select max(score) from running)
"""
_ACTIVITIES = """
    create table activities as
    select
        trim(activity_id) as activity_id,
        trim(lead_id) as lead_id,
        lower(trim(activity_type)) as activity_type,
        occurred_at,
        trim(campaign_id) as campaign_id,
        _loaded_at,
        _landed_at
    from read_parquet($activities, union_by_name = true)
    where occurred_at <= $as_of
    qualify
        row_number() over (
            partition by activity_id order by _loaded_at desc, _landed_at desc
        ) = 1
"""
# A column per group and half-life: sums of points that have grown since as_of, which time does not
# touch, and of which the score of any later moment is a product.
_HISTORY = """
    create table history as
    with
        days as (
            select
                activities.lead_id,
                cast(activities.occurred_at as date) as score_date,
                rules.slot,
                max(activities.occurred_at) as scored_at,
                sum(
                    rules.points * power(
                        2.0, epoch(activities.occurred_at - $as_of) / 86400 / rules.half_life_days
                    )
                ) as points
            from activities
            inner join
                rules
                on activities.activity_type = rules.activity_type
                and activities.occurred_at >= rules.valid_from
                and activities.occurred_at < rules.valid_to
            group by all
        ),
        wide as (
            select
                lead_id,
                score_date,
                max(scored_at) as scored_at,
                {slots}
            from days
            group by all
        ),
        running as (
            select lead_id, score_date, scored_at, {sums}
            from wide
            window history as (partition by lead_id order by score_date)
        )
    select
        *,
        least(
            greatest(
                {scores},
                0
            ),
            100
        ) as score
    from running
"""
_SLOT = "coalesce(sum(points) filter (where slot = {slot}), 0) as points_{slot}"
_SUM = "sum(points_{slot}) over history as points_{slot}"
_SCORE = (
    "points_{slot} * power(2.0, epoch($as_of - scored_at) / 86400 / '{half_life_days}'::double)"
)
_SCORES = """
    create table scores as
    select lead_id, max_by(columns('points_.*'), score_date)
    from history
    group by lead_id
"""
_TOUCHES = """
    create table touches as
    select
        activities.lead_id,
        activities.activity_id,
        activities.occurred_at,
        activities.campaign_id,
        row_number() over (
            partition by activities.lead_id order by activities.occurred_at, activities.activity_id
        ) as touch_number
    from activities
    inner join
        rules
        on activities.activity_type = rules.activity_type
        and activities.occurred_at >= rules.valid_from
        and activities.occurred_at < rules.valid_to
    where rules.is_touch
"""


@dataclass(frozen=True)
class Floor:
    """Seconds of wall clock and of processors, of the least work and of the core by hand.

    `event_count` is the events scored by the least work.
    """

    seconds: float
    cpu_seconds: float
    core_seconds: float
    core_cpu_seconds: float
    event_count: int


def measure_floor(
    project: Path, warehouse: Path, as_of: datetime, memory_limit: str | None = None
) -> Floor:
    """Run both, with DuckDB's own choice of threads; the tables go into a file that is removed."""
    target = warehouse / "tmp" / "floor.duckdb"
    target.parent.mkdir(exist_ok=True)
    parameters: dict[str, object] = {
        "as_of": as_of,
        "activities": str(warehouse / "raw" / "activities" / "*.parquet"),
        "rules": str(project / "seeds" / "activity_rules.csv"),
    }
    try:
        with duckdb.connect(str(target)) as connection:
            connection.execute(f"set temp_directory = '{warehouse / 'tmp'}'")
            connection.execute("set timezone = 'UTC'")
            connection.execute("set preserve_insertion_order = false")
            if memory_limit is not None:
                connection.execute("set memory_limit = ?", [memory_limit])
            read_rules(connection, parameters)
            started, cpu_before = time.perf_counter(), time.process_time()
            row = _execute(connection, LEAST, parameters).fetchone()
            seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_before
            started, cpu_before = time.perf_counter(), time.process_time()
            build_core(connection, parameters)
            connection.execute("checkpoint")
            core_seconds = time.perf_counter() - started
            core_cpu_seconds = time.process_time() - cpu_before
    finally:
        for path in target.parent.glob("floor.duckdb*"):
            path.unlink()
    assert row is not None
    return Floor(seconds, cpu_seconds, core_seconds, core_cpu_seconds, int(row[0]))


def read_rules(connection: duckdb.DuckDBPyConnection, parameters: dict[str, object]) -> None:
    """Make the temporary table that both read."""
    _execute(connection, _RULES, parameters)


def build_core(connection: duckdb.DuckDBPyConnection, parameters: dict[str, object]) -> None:
    """Make tables activities, history, scores and touches."""
    for statement in (_ACTIVITIES, _history(connection), _SCORES, _TOUCHES):
        _execute(connection, statement, parameters)


def _history(connection: duckdb.DuckDBPyConnection) -> str:
    """The statement of the history, with a column per group and half-life of the rules."""
    slots = connection.execute("select slot, any_value(half_life_days) from rules group by 1")
    named = [{"slot": slot, "half_life_days": days} for slot, days in sorted(slots.fetchall())]
    return _HISTORY.format(
        slots=", ".join(_SLOT.format(**one) for one in named),
        sums=", ".join(_SUM.format(**one) for one in named),
        scores=" + ".join(_SCORE.format(**one) for one in named),
    )


def _execute(
    connection: duckdb.DuckDBPyConnection, statement: str, parameters: dict[str, object]
) -> duckdb.DuckDBPyConnection:
    """DuckDB refuses parameters that a statement does not name."""
    named = {name: value for name, value in parameters.items() if f"${name}" in statement}
    return connection.execute(statement, named)
