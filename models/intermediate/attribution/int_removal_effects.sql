with
    visits as (select * from {{ ref("int_state_visits") }}),

    transitions as (select * from {{ ref("int_source_transitions") }}),

    conversions as (
        select milestone, from_state, probability
        from transitions
        where to_state = '(conversion)'
    ),

    chances as (
        select
            visits.milestone,
            visits.from_state,
            sum(visits.visit_count * conversions.probability) as conversion_chance
        from visits
        inner join
            conversions
            on visits.milestone = conversions.milestone
            and visits.to_state = conversions.from_state
        group by visits.milestone, visits.from_state
    ),

    -- What is lost without a state: to get to it at all, and to convert from there.
    reached as (
        select
            from_start.milestone,
            from_start.to_state as lead_source,
            from_start.visit_count / from_source.visit_count as reach_chance
        from visits as from_start
        inner join
            visits as from_source
            on from_start.milestone = from_source.milestone
            and from_start.to_state = from_source.from_state
            and from_start.to_state = from_source.to_state
        where from_start.from_state = '(start)' and from_start.to_state <> '(start)'
    ),

    final as (
        select
            reached.milestone,
            reached.lead_source,
            reached.reach_chance
            * chances.conversion_chance
            / whole.conversion_chance as removal_effect
        from reached
        inner join
            chances
            on reached.milestone = chances.milestone
            and reached.lead_source = chances.from_state
        inner join
            chances as whole
            on reached.milestone = whole.milestone
            and whole.from_state = '(start)'
    )

select *
from final
where removal_effect > 0
