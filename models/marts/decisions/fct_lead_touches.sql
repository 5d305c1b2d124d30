with
    touches as (select * from {{ ref("int_touch_activities") }}),

    final as (
        select
            lead_id,
            count(*) as touch_count,
            min(touched_at) as first_touch_at,
            max(touched_at) as last_touch_at
        from touches
        group by lead_id
    )

select *
from final
