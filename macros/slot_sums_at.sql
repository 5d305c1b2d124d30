{% macro slot_sums_at(moments) -%}
    {#- Whole days before the moment come summed; only its own day is read event by event. -#}
    select
        moments.lead_id,
        moments.episode,
        moments.moment_at,
        rule_days.slot_number,
        sum(rule_days.grown_points) as grown_points
    from {{ moments }} as moments
    inner join
        {{ ref("int_engagement_rule_days") }} as rule_days
        on moments.lead_id = rule_days.lead_id
        and moments.episode = rule_days.episode
        and rule_days.score_date < cast(moments.moment_at as date)
    group by moments.lead_id, moments.episode, moments.moment_at, rule_days.slot_number
    union all
    select
        moments.lead_id,
        moments.episode,
        moments.moment_at,
        events.slot_number,
        sum(events.grown_points) as grown_points
    from {{ moments }} as moments
    inner join
        {{ ref("int_episodes") }} as episodes
        on moments.lead_id = episodes.lead_id
        and moments.episode = episodes.episode
    inner join
        {{ ref("int_lead_events") }} as events
        on moments.lead_id = events.lead_id
        and events.occurred_at > episodes.starts_after
        and events.occurred_at <= moments.moment_at
        and cast(greatest(events.occurred_at, episodes.created_at) as date)
        >= cast(moments.moment_at as date)
    group by moments.lead_id, moments.episode, moments.moment_at, events.slot_number
{%- endmacro %}
