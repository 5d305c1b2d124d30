with
    opportunities as (select * from {{ ref("int_opportunities_assigned") }}),

    final as (
        select
            lead_id,
            episode,
            min(created_at) as opportunity_at,
            min(won_at) as customer_at,
            max(case when status = 'lost' then 0 else 1 end) = 0 as is_lost
        from opportunities
        group by lead_id, episode
    )

select *
from final
