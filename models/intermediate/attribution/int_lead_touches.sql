with
    touches as (select * from {{ ref("int_touch_activities") }}),

    windows as (select * from {{ ref("int_milestone_windows") }}),

    -- An open window moves on with as_of: what comes after its start is kept.
    final as (
        select
            *,
            row_number() over (
                partition by lead_id order by touched_at, activity_id
            ) as touch_number,
            lead(campaign_id) over (
                partition by lead_id order by touched_at, activity_id
            ) as next_campaign_id
        from touches
        where
            exists (
                select *
                from windows
                where
                    windows.lead_id = touches.lead_id
                    and windows.starts_at <= touches.touched_at
                    and (
                        windows.ends_at >= touches.touched_at or not windows.is_reached
                    )
            )
    )

select *
from final
