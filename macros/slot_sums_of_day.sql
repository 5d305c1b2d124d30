{% macro slot_sums_of_day(moments) -%}
    select
        placed.lead_id,
        placed.episode,
        placed.moment_at,
        events.slot_number,
        sum(events.grown_points) as grown_points
    from
        (
            select
                moments.lead_id,
                moments.episode,
                moments.moment_at,
                episodes.starts_after,
                cast(
                    greatest(moments.moment_at, episodes.created_at) as date
                ) as acts_on
            from {{ moments }} as moments
            inner join
                {{ ref("int_episodes") }} as episodes
                on moments.lead_id = episodes.lead_id
                and moments.episode = episodes.episode
        ) as placed
    inner join
        (
            select
                events.lead_id,
                events.occurred_at,
                events.slot_number,
                events.grown_points,
                cast(greatest(events.occurred_at, leads.created_at) as date) as acts_on
            from {{ ref("int_lead_events") }} as events
            inner join
                {{ ref("int_leads_merged") }} as leads on events.lead_id = leads.lead_id
        ) as events
        on placed.lead_id = events.lead_id
        and placed.acts_on = events.acts_on
        and events.occurred_at > placed.starts_after
        and events.occurred_at <= placed.moment_at
    group by placed.lead_id, placed.episode, placed.moment_at, events.slot_number
{%- endmacro %}
