{% set staged_tables = [
    "leads",
    "companies",
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
    technologies as (select * from {{ ref("int_company_technologies_resolved") }}),

    quarantined_rows as (select * from {{ ref("int_quarantined_rows") }}),

    counted as (
        {% for table_name in staged_tables %}
            select
                '{{ table_name }}' as table_name,
                row_state,
                count(*) as row_count,
                max(_loaded_at) as newest_loaded_at
            from {{ ref("stg_raw__" ~ table_name) }}
            group by row_state
            union all
        {% endfor %}
        select
            'company_technologies' as table_name,
            row_state,
            count(*) as row_count,
            max(_loaded_at) as newest_loaded_at
        from technologies
        group by row_state
        -- What staging let through and was held back later changes its state.
        union all
        select
            table_name,
            'quarantined' as row_state,
            count(*) as row_count,
            cast(null as timestamp) as newest_loaded_at
        from quarantined_rows
        where was_staged
        group by table_name
        union all
        select
            table_name,
            'staged' as row_state,
            - count(*) as row_count,
            cast(null as timestamp) as newest_loaded_at
        from quarantined_rows
        where was_staged
        group by table_name
    ),

    final as (
        select
            table_name,
            row_state,
            cast(sum(row_count) as bigint) as row_count,
            max(newest_loaded_at) as newest_loaded_at
        from counted
        group by table_name, row_state
    )

select *
from final
