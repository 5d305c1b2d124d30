{% set stages = ["lead", "mql", "sal", "sql", "opportunity", "customer"] %}
with
    leads as (select * from {{ ref("fct_leads") }}),

    entries as (select * from {{ ref("fct_stage_entries") }}),

    opportunities as (select * from {{ ref("fct_opportunities") }}),

    spend as (select * from {{ ref("fct_spend") }}),

    cohort_leads as (
        select
            'cohort' as basis,
            cast({{ dbt.date_trunc("month", "created_at") }} as date) as month,
            lead_source,
            1 as is_lead
            {% for stage in stages[1:] %}
                ,
                case when has_reached_{{ stage }} then 1 else 0 end as is_{{ stage }},
                {{
                    days_between(
                        "created_at" if loop.first else stages[loop.index0] ~ "_at",
                        stage ~ "_at",
                    )
                }} as days_to_{{ stage }}
            {% endfor %},
            revenue
        from leads
    ),

    period_entries as (
        select
            'period' as basis,
            cast({{ dbt.date_trunc("month", "entered_at") }} as date) as month,
            lead_source,
            case when stage = 'lead' then 1 else 0 end as is_lead
            {% for stage in stages[1:] %}
                ,
                case when stage = '{{ stage }}' then 1 else 0 end as is_{{ stage }},
                case
                    when stage = '{{ stage }}' then days_since_previous_stage
                end as days_to_{{ stage }}
            {% endfor %},
            0 as revenue
        from entries
    ),

    -- Wins bring their revenue to the period; spend brings its month and source to
    -- both.
    others as (
        select
            'period' as basis,
            cast({{ dbt.date_trunc("month", "won_at") }} as date) as month,
            lead_source,
            won_amount as revenue
        from opportunities
        where won_at is not null
        union all
        select
            bases.basis,
            cast({{ dbt.date_trunc("month", "spend.spend_date") }} as date) as month,
            spend.lead_source,
            0 as revenue
        from spend
        cross join
            (
                select 'cohort' as basis
                union all
                select 'period' as basis
            ) as bases
    ),

    united as (
        select *
        from cohort_leads
        union all
        select *
        from period_entries
        union all
        select
            basis,
            month,
            lead_source,
            0 as is_lead
            {% for stage in stages[1:] %}
                , 0 as is_{{ stage }}, null as days_to_{{ stage }}
            {% endfor %},
            revenue
        from others
    ),

    counted as (
        select
            basis,
            month,
            lead_source,
            {% for stage in stages %}
                sum(
                    is_{{ stage }}
                ) as {{ "opportunities" if stage == "opportunity" else stage ~ "s" }},
            {% endfor %}
            cast(sum(revenue) as decimal(20, 2)) as revenue
            {% for stage in stages[1:] %}
                ,
                median(
                    days_to_{{ stage }}
                ) as median_{{ stages[loop.index0] }}_to_{{ stage }}_days
            {% endfor %}
        from united
        group by basis, month, lead_source
    ),

    final as (
        select
            basis,
            month,
            lead_source,
            leads,
            mqls,
            sals,
            sqls,
            opportunities,
            customers,
            revenue,
            cast(mqls as double) / nullif(leads, 0) as lead_to_mql_rate,
            cast(sals as double) / nullif(mqls, 0) as mql_to_sal_rate,
            cast(sqls as double) / nullif(sals, 0) as sal_to_sql_rate,
            cast(opportunities as double) / nullif(sqls, 0) as sql_to_opportunity_rate,
            cast(customers as double)
            / nullif(opportunities, 0) as opportunity_to_customer_rate,
            median_lead_to_mql_days,
            median_mql_to_sal_days,
            median_sal_to_sql_days,
            median_sql_to_opportunity_days,
            median_opportunity_to_customer_days
        from counted
    )

select *
from final
