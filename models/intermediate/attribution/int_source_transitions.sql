with
    windows as (select * from {{ ref("int_milestone_windows") }}),

    paths as (select * from {{ ref("int_touch_paths") }}),

    steps as (
        select
            windows.milestone,
            windows.is_reached,
            paths.touch_number,
            paths.lead_source,
            paths.next_lead_source
        from paths
        inner join
            windows
            on paths.lead_id = windows.lead_id
            and paths.ends_at = windows.ends_at
    ),

    moves as (
        select milestone, '(start)' as from_state, lead_source as to_state
        from steps
        where touch_number = 1
        union all
        select
            milestone,
            lead_source as from_state,
            case
                when next_lead_source is not null
                then next_lead_source
                when is_reached
                then '(conversion)'
                else '(null)'
            end as to_state
        from steps
    ),

    counted as (
        select milestone, from_state, to_state, count(*) as move_count
        from moves
        where from_state <> to_state
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
