with
    affected as (
        select distinct survivor_lead_id as lead_id from {{ ref("int_leads_affected") }}
    ),

    all_statuses as (select * from {{ ref("int_lead_statuses") }}),

    touches as (select * from {{ ref("int_lead_touches") }}),

    statuses as (
        select all_statuses.*
        from all_statuses
        inner join affected on all_statuses.lead_id = affected.lead_id
    ),

    reached as (
        {% for milestone in milestones() %}
            select
                '{{ milestone }}' as milestone,
                lead_id,
                created_at,
                {{ milestone }}_at as reached_at
            from statuses
            where {{ milestone }}_at is not null {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    ranges as (
        select
            reached.milestone,
            reached.lead_id,
            min(touches.touch_number) as first_number,
            max(touches.touch_number) as last_number,
            max(
                case
                    when touches.touched_at <= reached.created_at
                    then touches.touch_number
                end
            ) as creation_number,
            max(touches.touched_at) as last_touched_at
        from reached
        inner join
            touches
            on reached.lead_id = touches.lead_id
            and reached.reached_at - {{ attribution_lookback() }} <= touches.touched_at
            and reached.reached_at >= touches.touched_at
        group by reached.milestone, reached.lead_id
    ),

    final as (
        select
            reached.milestone,
            reached.lead_id,
            reached.reached_at,
            ranges.first_number,
            ranges.creation_number,
            ranges.last_number,
            ranges.last_number - ranges.first_number + 1 as touch_count,
            ranges.last_touched_at
        from reached
        left join
            ranges
            on reached.milestone = ranges.milestone
            and reached.lead_id = ranges.lead_id
    )

select *
from final
