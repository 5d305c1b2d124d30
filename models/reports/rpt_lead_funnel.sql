{% set stages = ["lead", "mql", "sal", "sql", "opportunity", "customer"] %}
with
    entries as (select * from {{ ref("fct_funnel_entries") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    opportunities as (select * from {{ ref("fct_opportunities") }}),

    spend as (select * from {{ ref("fct_spend") }}),

    bases as (
        select 'cohort' as basis
        union all
        select 'period' as basis
    ),

    counted as (
        select
            basis,
            month,
            lead_source
            {% for stage in stages %}
                , count(case when stage = '{{ stage }}' then 1 end) as {{ stage }}_count
            {% endfor %}
            {% for stage in stages[1:] %}
                ,
                median(
                    case when stage = '{{ stage }}' then days_since_previous_stage end
                ) as median_{{ stages[loop.index0] }}_to_{{ stage }}_days
            {% endfor %}
        from entries
        group by basis, month, lead_source
    ),

    money as (
        select
            'cohort' as basis,
            cast({{ dbt.date_trunc("month", "created_at") }} as date) as month,
            lead_source,
            revenue
        from leads
        union all
        select
            'period' as basis,
            cast({{ dbt.date_trunc("month", "won_at") }} as date) as month,
            lead_source,
            won_amount as revenue
        from opportunities
        where won_at is not null and amount is not null
        union all
        select
            bases.basis,
            cast({{ dbt.date_trunc("month", "spend.spend_date") }} as date) as month,
            spend.lead_source,
            0 as revenue
        from spend
        cross join bases
        union all
        select basis, month, lead_source, 0 as revenue
        from counted
    ),

    -- A month and source with spend alone has a row, too.
    present as (
        select
            basis, month, lead_source, cast(sum(revenue) as decimal(20, 2)) as revenue
        from money
        group by basis, month, lead_source
    ),

    final as (
        select
            present.basis,
            present.month,
            present.lead_source,
            {% for stage in stages %}
                coalesce(
                    counted.{{ stage }}_count, 0
                ) as {{ "opportunities" if stage == "opportunity" else stage ~ "s" }},
            {% endfor %}
            present.revenue
            {% for stage in stages[1:] %}
                ,
                cast(counted.{{ stage }}_count as double) / nullif(
                    counted.{{ stages[loop.index0] }}_count, 0
                ) as {{ stages[loop.index0] }}_to_{{ stage }}_rate
            {% endfor %}
            {% for stage in stages[1:] %}
                , counted.median_{{ stages[loop.index0] }}_to_{{ stage }}_days
            {% endfor %}
        from present
        left join
            counted
            on present.basis = counted.basis
            and present.month = counted.month
            and present.lead_source = counted.lead_source
    )

select *
from final
