with
    touches as (select * from {{ ref("int_lead_touches") }}),

    windows as (select * from {{ ref("int_milestone_windows") }}),

    campaigns as (select * from {{ ref("int_campaigns_mapped") }}),

    -- Most leads reach no milestone, and their three windows are one.
    spans as (select distinct lead_id, created_at, starts_at, ends_at from windows),

    in_window as (
        select
            spans.lead_id,
            spans.created_at,
            spans.ends_at,
            touches.activity_id,
            touches.touched_at,
            touches.campaign_id,
            coalesce(campaigns.lead_source, 'unknown') as lead_source
        from touches
        inner join
            spans
            on touches.lead_id = spans.lead_id
            and touches.touched_at >= spans.starts_at
            and touches.touched_at <= spans.ends_at
        left join campaigns on touches.campaign_id = campaigns.campaign_id
    ),

    numbered as (
        select
            *,
            row_number() over (
                partition by lead_id, ends_at order by touched_at, activity_id
            ) as touch_number,
            lead(lead_source) over (
                partition by lead_id, ends_at order by touched_at, activity_id
            ) as next_lead_source,
            count(*) over (partition by lead_id, ends_at) as touch_count,
            count(case when touched_at <= created_at then 1 end) over (
                partition by lead_id, ends_at
            ) as creation_touch_number,
            max(touched_at) over (partition by lead_id, ends_at) as last_touched_at
        from in_window
    ),

    final as (
        select
            lead_id,
            ends_at,
            touch_number,
            activity_id,
            touched_at,
            campaign_id,
            lead_source,
            next_lead_source,
            touch_number = 1 as is_first,
            touch_number = creation_touch_number as is_at_creation,
            touch_number = touch_count as is_last,
            {{ days_between("touched_at", "last_touched_at") }} as days_before_last
        from numbered
    )

select *
from final
