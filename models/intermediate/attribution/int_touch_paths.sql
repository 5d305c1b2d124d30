with
    touches as (select * from {{ ref("int_lead_touches") }}),

    windows as (select * from {{ ref("int_milestone_windows") }}),

    -- Most leads reach no milestone, and their three windows are one.
    spans as (select distinct lead_id, created_at, starts_at, ends_at from windows),

    ranges as (
        select
            spans.lead_id,
            spans.ends_at,
            min(touches.touch_number) as first_number,
            max(touches.touch_number) as last_number,
            max(
                case
                    when touches.touched_at <= spans.created_at
                    then touches.touch_number
                end
            ) as creation_number,
            max(touches.touched_at) as last_touched_at
        from spans
        inner join
            touches
            on spans.lead_id = touches.lead_id
            and spans.starts_at <= touches.touched_at
            and spans.ends_at >= touches.touched_at
        group by spans.lead_id, spans.ends_at
    ),

    final as (
        select
            windows.milestone,
            windows.lead_id,
            windows.is_reached,
            windows.ends_at,
            ranges.first_number,
            ranges.creation_number,
            ranges.last_number,
            ranges.last_number - ranges.first_number + 1 as touch_count,
            ranges.last_touched_at
        from windows
        left join
            ranges
            on windows.lead_id = ranges.lead_id
            and windows.ends_at = ranges.ends_at
    )

select *
from final
