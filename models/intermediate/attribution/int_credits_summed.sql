with
    touch_credits as (select * from {{ ref("fct_attribution_credits") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    opportunities as (select * from {{ ref("fct_opportunities") }}),

    credits as (
        select
            attribution_model,
            milestone,
            lead_id,
            lead_source,
            reached_at,
            sum(credit) as credit
        from touch_credits
        group by attribution_model, milestone, lead_id, lead_source, reached_at
    ),

    -- The cohort has all in the month of the lead; the period has a credit in that of
    -- the
    -- milestone and revenue in that of each win.
    dated as (
        select
            credits.*,
            'cohort' as basis,
            leads.created_at as dated_at,
            case
                when credits.milestone = 'customer'
                then credits.credit * cast(leads.revenue as double)
            end as revenue
        from credits
        inner join leads on credits.lead_id = leads.lead_id
        union all
        select credits.*, 'period' as basis, reached_at as dated_at, null as revenue
        from credits
        union all
        select
            credits.attribution_model,
            'win' as milestone,
            credits.lead_id,
            credits.lead_source,
            credits.reached_at,
            credits.credit,
            'period' as basis,
            opportunities.won_at as dated_at,
            credits.credit * cast(opportunities.won_amount as double) as revenue
        from credits
        inner join opportunities on credits.lead_id = opportunities.lead_id
        where credits.milestone = 'customer' and opportunities.won_amount <> 0
    ),

    final as (
        select
            attribution_model,
            basis,
            cast({{ dbt.date_trunc("month", "dated_at") }} as date) as month,
            lead_source,
            sum(case when milestone = 'mql' then credit else 0 end) as mqls,
            sum(case when milestone = 'sql' then credit else 0 end) as sqls,
            sum(case when milestone = 'customer' then credit else 0 end) as customers,
            coalesce(sum(revenue), 0) as revenue
        from dated
        group by
            attribution_model,
            basis,
            cast({{ dbt.date_trunc("month", "dated_at") }} as date),
            lead_source
    )

select *
from final
