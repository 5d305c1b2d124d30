with
    touches as (select * from {{ ref("int_touch_activities") }}),

    -- An open window moves on with as_of: what comes after its start is kept. One row
    -- per
    -- lead, as a join to each window of a lead takes three times as long.
    windows as (
        select
            lead_id,
            {% for milestone in milestones() %}
                max(
                    case when milestone = '{{ milestone }}' then starts_at end
                ) as {{ milestone }}_starts_at,
                max(
                    case
                        when milestone = '{{ milestone }}' and is_reached
                        then ends_at
                        when milestone = '{{ milestone }}'
                        then {{ end_of_time() }}
                    end
                ) as {{ milestone }}_ends_at {{ "," if not loop.last }}
            {% endfor %}
        from {{ ref("int_milestone_windows") }}
        group by lead_id
    ),

    kept as (
        select touches.*
        from touches
        inner join windows on touches.lead_id = windows.lead_id
        where
            {% for milestone in milestones() %}
                touches.touched_at
                between windows.{{ milestone }}_starts_at
                and windows.{{ milestone }}_ends_at {{ "or" if not loop.last }}
            {% endfor %}
    ),

    final as (
        select
            *,
            row_number() over (
                partition by lead_id order by touched_at, activity_id
            ) as touch_number,
            lead(campaign_id) over (
                partition by lead_id order by touched_at, activity_id
            ) as next_campaign_id
        from kept
    )

select *
from final
