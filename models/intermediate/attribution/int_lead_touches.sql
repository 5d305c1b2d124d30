with
    touches as (select * from {{ ref("int_touch_activities") }}),

    statuses as (select * from {{ ref("int_lead_statuses") }}),

    -- An open window moves on with as_of: what comes after its start is kept.
    kept as (
        select touches.*
        from touches
        inner join statuses on touches.lead_id = statuses.lead_id
        where
            {% for milestone in milestones() %}
                touches.touched_at
                between coalesce(statuses.{{ milestone }}_at, {{ as_of() }})
                - {{ attribution_lookback() }} and coalesce(
                    statuses.{{ milestone }}_at, {{ end_of_time() }}
                )
                {{ "or" if not loop.last }}
            {% endfor %}
    ),

    final as (
        select
            *,
            row_number() over history as touch_number,
            lead(origin) over history as next_origin,
            lag(touched_at) over history as previous_touched_at,
            lead(touched_at) over history as next_touched_at
        from kept
        window history as (partition by lead_id order by touched_at, activity_id)
    )

select *
from final
