{% set state_count = path_state_count() %}
with
    transitions as (select * from {{ ref("int_source_transitions") }}),

    states as (
        select
            milestone,
            from_state as state,
            row_number() over (
                partition by milestone order by from_state
            ) as state_number
        from transitions
        group by milestone, from_state
    ),

    -- The identity less the transitions: its inverse has the expected visits of each
    -- state. Each step of Gauss and Jordan clears the column of one state.
    cleared_0 as (
        select
            origins.milestone,
            origins.state as from_state,
            targets.state as to_state,
            origins.state_number as from_number,
            targets.state_number as to_number,
            cast(case when origins.state = targets.state then 1 else 0 end as double)
            - coalesce(transitions.probability, cast(0 as double)) as entry
        from states as origins
        inner join states as targets on origins.milestone = targets.milestone
        left join
            transitions
            on origins.milestone = transitions.milestone
            and origins.state = transitions.from_state
            and targets.state = transitions.to_state
    ),

    {% for step in range(1, state_count + 1) %}
        crossed_{{ step }} as (
            select
                *,
                max(
                    case
                        when from_number = {{ step }} and to_number = {{ step }}
                        then entry
                    end
                ) over (partition by milestone) as diagonal,
                max(case when to_number = {{ step }} then entry end) over (
                    partition by milestone, from_number
                ) as in_column,
                max(case when from_number = {{ step }} then entry end) over (
                    partition by milestone, to_number
                ) as in_row
            from cleared_{{ step - 1 }}
        ),

        cleared_{{ step }} as (
            select
                milestone,
                from_state,
                to_state,
                from_number,
                to_number,
                case
                    when diagonal is null
                    then entry
                    when from_number = {{ step }} and to_number = {{ step }}
                    then 1 / diagonal
                    when from_number = {{ step }}
                    then entry / diagonal
                    when to_number = {{ step }}
                    then 0 - entry / diagonal
                    else entry - in_column * in_row / diagonal
                end as entry
            from crossed_{{ step }}
        ),
    {% endfor %}

    final as (
        select milestone, from_state, to_state, entry as visit_count
        from cleared_{{ state_count }}
    )

select *
from final
