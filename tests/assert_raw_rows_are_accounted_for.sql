-- Rows in = rows staged + superseded + quarantined + deleted, for every raw table.
{% set tables = [
    "leads",
    "companies",
    "company_technologies",
    "lead_attributes",
    "activities",
    "intent_signals",
    "consents",
    "dispositions",
    "qualification_answers",
    "opportunities",
    "campaigns",
    "spend",
    "exchange_rates",
    "experiment_assignments",
] %}
with
    accounting as (select * from {{ ref("fct_row_accounting") }}),

    counted as (
        {% for table_name in tables %}
            select
                '{{ table_name }}' as table_name, count(landed._loaded_at) as raw_count
            from {{ raw_rows(table_name) }} as landed {{ "union all" if not loop.last }}
        {% endfor %}
    )

select counted.table_name, counted.raw_count, accounting.row_count
from counted
left join accounting on counted.table_name = accounting.table_name
where
    counted.raw_count <> coalesce(accounting.row_count, 0)
    or counted.raw_count <> coalesce(
        accounting.staged
        + accounting.superseded
        + accounting.quarantined
        + accounting.deleted,
        0
    )
