with
    events as (select * from {{ ref("int_lead_events") }} where is_touch),

    final as (
        select
            lead_id,
            count(*) as touch_count,
            min(occurred_at) as first_touch_at,
            max(occurred_at) as last_touch_at
        from events
        group by lead_id
    )

select *
from final
