with
    costs as (select * from {{ ref("rpt_attributed_source_costs") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    spend as (select * from {{ ref("fct_spend") }}),

    opportunities as (select * from {{ ref("fct_opportunities") }}),

    reported as (
        select
            attribution_model,
            basis,
            sum(spend) as spend,
            sum(mqls) as mqls,
            sum(sqls) as sqls,
            sum(customers) as customers,
            sum(revenue) as revenue
        from costs
        group by attribution_model, basis
    ),

    milestones as (
        select
            count(mql_at) as mqls,
            count(sql_at) as sqls,
            count(customer_at) as customers
        from leads
    ),

    ledger as (select coalesce(sum(reporting_amount), 0) as spend from spend),

    wins as (select coalesce(sum(won_amount), 0) as revenue from opportunities)

select reported.*
from reported
cross join milestones
cross join ledger
cross join wins
where
    reported.spend <> ledger.spend
    or abs(reported.revenue - cast(wins.revenue as double)) > 0.001e0
    -- Without attribution later stages imply earlier ones, and episodes count.
    or (
        reported.attribution_model <> 'lead_source'
        and (
            abs(reported.mqls - milestones.mqls) > 0.000001e0
            or abs(reported.sqls - milestones.sqls) > 0.000001e0
            or abs(reported.customers - milestones.customers) > 0.000001e0
        )
    )
