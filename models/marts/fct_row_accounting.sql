{% set tables = "leads companies lead_attributes activities intent_signals consents" %}
{% set sales_tables = (
    "dispositions qualification_answers opportunities campaigns spend"
) %}
{% set other_tables = "exchange_rates experiment_assignments" %}
{% set all_tables = tables ~ " " ~ sales_tables ~ " " ~ other_tables %}
with
    technologies as (select * from {{ ref("int_company_technologies_resolved") }}),

    quarantined_rows as (select * from {{ ref("fct_quarantined_rows") }}),

    counted as (
        {% for table_name in all_tables.split() %}
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
    ),

    pivoted as (
        select
            table_name,
            {% for state in ["staged", "superseded", "quarantined", "deleted"] %}
                sum(
                    case when row_state = '{{ state }}' then row_count else 0 end
                ) as {{ state }},
            {% endfor %}
            sum(row_count) as row_count,
            max(newest_loaded_at) as newest_loaded_at
        from counted
        group by table_name
    ),

    -- What staging let through and was held back later changes its state.
    held_back as (
        select table_name, count(*) as row_count
        from quarantined_rows
        where has_passed_staging
        group by table_name
    ),

    final as (
        select
            pivoted.table_name,
            cast(pivoted.row_count as bigint) as row_count,
            cast(pivoted.staged - coalesce(held_back.row_count, 0) as bigint) as staged,
            cast(pivoted.superseded as bigint) as superseded,
            cast(
                pivoted.quarantined + coalesce(held_back.row_count, 0) as bigint
            ) as quarantined,
            cast(pivoted.deleted as bigint) as deleted,
            pivoted.newest_loaded_at
        from pivoted
        left join held_back on pivoted.table_name = held_back.table_name
    )

select *
from final
