with
    opportunities as (select * from {{ ref("int_opportunities_resolved") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    final as (
        select
            opportunities.opportunity_id,
            opportunities.survivor_lead_id as lead_id,
            episodes.episode,
            opportunities.visible_status as status,
            opportunities.stage,
            opportunities.amount,
            opportunities.currency,
            opportunities.created_at,
            opportunities.closed_at,
            case
                when opportunities.visible_status = 'won' then opportunities.decided_at
            end as won_at,
            case
                when opportunities.visible_status = 'won'
                then coalesce(opportunities.reporting_amount, 0)
            end as won_amount
        from opportunities
        inner join
            episodes
            on opportunities.survivor_lead_id = episodes.lead_id
            and opportunities.created_at > episodes.starts_after
            and opportunities.created_at <= episodes.next_starts_after
        where opportunities.is_current and opportunities.resolved_state = 'staged'
    )

select *
from final
