with
    origins as (select * from {{ ref("int_touch_origins") }}),

    touches as (select * from {{ ref("int_lead_touches") }}),

    -- A path without its milestone ends at as_of.
    windowed as (
        {% for milestone in milestones() %}
            {% set ends_at = "coalesce(" ~ milestone ~ "_at, " ~ as_of() ~ ")" %}
            select
                '{{ milestone }}' as milestone,
                origin,
                case
                    when next_touched_at <= {{ ends_at }} then next_origin
                end as next_origin,
                coalesce(next_touched_at, {{ end_of_time() }})
                > {{ ends_at }} as is_last,
                coalesce(previous_touched_at, {{ beginning_of_time() }})
                < {{ ends_at }} - {{ attribution_lookback() }} as is_first,
                {{ milestone }}_at is not null as is_reached
            from touches
            where
                touched_at
                between {{ ends_at }} - {{ attribution_lookback() }} and {{ ends_at }}
                {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    -- Counted by origin, of which there are few, before sources are looked up.
    counted as (
        select
            milestone,
            origin,
            next_origin,
            is_first,
            is_last,
            is_reached,
            count(*) as step_count
        from windowed
        group by milestone, origin, next_origin, is_first, is_last, is_reached
    ),

    steps as (
        select
            counted.milestone,
            coalesce(origins.lead_source, 'unknown') as lead_source,
            case
                when not counted.is_last
                then coalesce(next_origins.lead_source, 'unknown')
                when counted.is_reached
                then '(conversion)'
                else '(null)'
            end as next_state,
            counted.is_first,
            counted.step_count
        from counted
        left join origins on counted.origin = origins.origin
        left join origins as next_origins on counted.next_origin = next_origins.origin
    ),

    moves as (
        select milestone, '(start)' as from_state, lead_source as to_state, step_count
        from steps
        where is_first
        union all
        select milestone, lead_source as from_state, next_state as to_state, step_count
        from steps
        where lead_source <> next_state
    ),

    final as (
        select
            milestone,
            from_state,
            to_state,
            sum(step_count) as move_count,
            cast(sum(step_count) as double) / sum(sum(step_count)) over (
                partition by milestone, from_state
            ) as probability
        from moves
        group by milestone, from_state, to_state
    )

select *
from final
