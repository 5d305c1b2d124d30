with
    opportunities as (select * from {{ ref("int_opportunities_assigned") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    final as (
        select
            opportunities.opportunity_id,
            opportunities.lead_id,
            opportunities.episode,
            leads.lead_source,
            opportunities.status,
            opportunities.stage,
            opportunities.amount,
            coalesce(opportunities.currency, {{ reporting_currency() }}) as currency,
            opportunities.created_at,
            opportunities.closed_at,
            opportunities.won_at,
            opportunities.won_amount
        from opportunities
        inner join leads on opportunities.lead_id = leads.lead_id
    )

select *
from final
