{% set state_count = path_state_count() %}
with
    transitions as (select * from {{ ref("int_source_transitions") }}),

    states as (
        select state, row_number() over (order by state) as state_number
        from
            (
                select from_state as state
                from transitions
                union
                select '(conversion)' as state
            ) as united
    ),

    -- Each step of Gauss and Jordan clears the column of a state.
    cleared_0 as (
        select
            milestones.milestone,
            origins.state as from_state,
            targets.state as to_state,
            origins.state_number as from_number,
            targets.state_number as to_number,
            case when origins.state = targets.state then 1e0 else 0e0 end
            - coalesce(transitions.probability, 0e0) as cell
        from (select distinct steps.milestone from transitions as steps) as milestones
        cross join states as origins
        cross join states as targets
        left join
            transitions
            on milestones.milestone = transitions.milestone
            and origins.state = transitions.from_state
            and targets.state = transitions.to_state
    ),

    {% for step in range(1, state_count + 1) %}
        {% set is_row = "from_number = " ~ step %}
        {% set is_column = "to_number = " ~ step %}
        cleared_{{ step }} as (
            select
                milestone,
                from_state,
                to_state,
                from_number,
                to_number,
                case
                    when {{ is_row }}
                    then case when {{ is_column }} then 1e0 else cell end / diagonal
                    when {{ is_column }}
                    then 0e0 - cell / diagonal
                    else cell - in_column * in_row / diagonal
                end as cell
            from
                (
                    select
                        *,
                        max(case when {{ is_column }} then cell end) over (
                            partition by milestone, from_number
                        ) as in_column,
                        max(case when {{ is_row }} then cell end) over (
                            partition by milestone, to_number
                        ) as in_row,
                        max(
                            case when {{ is_row }} and {{ is_column }} then cell end
                        ) over (partition by milestone) as diagonal
                    from cleared_{{ step - 1 }}
                ) as pivoted
        ),
    {% endfor %}

    visits as (select *, cell as visits from cleared_{{ state_count }}),

    ends as (select * from visits where to_state = '(conversion)' and visits > 0),

    final as (
        select
            reached.milestone,
            reached.to_state as lead_source,
            reached.visits / own.visits * ended.visits / whole.visits as removal_effect
        from visits as reached
        inner join
            visits as own
            on reached.milestone = own.milestone
            and reached.to_state = own.from_state
            and reached.to_state = own.to_state
        inner join
            ends as ended
            on reached.milestone = ended.milestone
            and reached.to_state = ended.from_state
        inner join
            ends as whole
            on reached.milestone = whole.milestone
            and reached.from_state = whole.from_state
        where
            reached.from_state = '(start)'
            and reached.to_state not in ('(start)', '(conversion)')
    )

select *
from final
