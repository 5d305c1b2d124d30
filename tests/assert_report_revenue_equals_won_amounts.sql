with
    funnel as (select * from {{ ref("rpt_lead_funnel") }}),

    opportunities as (select * from {{ ref("fct_opportunities") }}),

    ledger as (select coalesce(sum(won_amount), 0) as revenue from opportunities),

    reported as (select basis, sum(revenue) as revenue from funnel group by basis)

select reported.basis, reported.revenue, ledger.revenue as ledger_revenue
from reported
cross join ledger
where reported.revenue <> ledger.revenue
