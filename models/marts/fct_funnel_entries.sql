{% set stages = ["lead", "mql", "sal", "sql", "opportunity", "customer"] %}
with
    leads as (select * from {{ ref("fct_leads") }}),

    entries as (select * from {{ ref("fct_stage_entries") }}),

    final as (
        select
            'cohort' as basis,
            cast({{ dbt.date_trunc("month", "created_at") }} as date) as month,
            lead_source,
            lead_id,
            1 as episode,
            'lead' as stage,
            created_at as entered_at,
            cast(null as double) as days_since_previous_stage
        from leads
        {% for stage in stages[1:] %}
            union all
            select
                'cohort' as basis,
                cast({{ dbt.date_trunc("month", "created_at") }} as date) as month,
                lead_source,
                lead_id,
                1 as episode,
                '{{ stage }}' as stage,
                {{ stage }}_at as entered_at,
                {{
                    days_between(
                        "created_at" if loop.first else stages[loop.index0] ~ "_at",
                        stage ~ "_at",
                    )
                }} as days_since_previous_stage
            from leads
            where has_reached_{{ stage }}
        {% endfor %}
        union all
        select
            'period' as basis,
            cast({{ dbt.date_trunc("month", "entered_at") }} as date) as month,
            lead_source,
            lead_id,
            episode,
            stage,
            entered_at,
            days_since_previous_stage
        from entries
    )

select *
from final
