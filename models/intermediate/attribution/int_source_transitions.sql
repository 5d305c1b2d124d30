with
    paths as (select * from {{ ref("int_touch_paths") }}),

    touches as (select * from {{ ref("int_touches_sourced") }}),

    steps as (
        select
            paths.milestone,
            touches.lead_source,
            case
                when touches.touch_number < paths.last_number
                then touches.next_lead_source
                when paths.is_reached
                then '(conversion)'
                else '(null)'
            end as next_state,
            touches.touch_number = paths.first_number as is_first
        from paths
        inner join
            touches
            on paths.lead_id = touches.lead_id
            and paths.first_number <= touches.touch_number
            and paths.last_number >= touches.touch_number
    ),

    summed as (
        select milestone, lead_source, next_state, is_first, count(*) as step_count
        from steps
        group by milestone, lead_source, next_state, is_first
    ),

    moves as (
        select milestone, '(start)' as from_state, lead_source as to_state, step_count
        from summed
        where is_first
        union all
        select milestone, lead_source as from_state, next_state as to_state, step_count
        from summed
        where lead_source <> next_state
    ),

    counted as (
        select milestone, from_state, to_state, sum(step_count) as move_count
        from moves
        group by milestone, from_state, to_state
    ),

    final as (
        select
            milestone,
            from_state,
            to_state,
            move_count,
            cast(move_count as double)
            / sum(move_count) over (partition by milestone, from_state) as probability
        from counted
    )

select *
from final
