with
    events as (select * from {{ ref("int_lead_events") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    -- What happened before the creation acts at the creation, if that is in the
    -- same episode.
    assigned as (
        select
            events.lead_id,
            episodes.episode,
            events.rule_id,
            events.slot_number,
            events.points,
            events.grown_points,
            events.is_hand_raise,
            events.acts_at
        from events
        inner join
            episodes
            on events.lead_id = episodes.lead_id
            and events.occurred_at > episodes.starts_after
            and events.acts_at <= episodes.next_starts_after
    ),

    final as (
        select
            lead_id,
            episode,
            cast(acts_at as date) as score_date,
            rule_id,
            slot_number,
            max(acts_at) as last_acts_at,
            max(is_hand_raise) as has_hand_raise,
            count(*) as event_count,
            sum(points) as raw_points,
            sum(greatest(points, 0.0)) as positive_points,
            sum(grown_points) as grown_points
        from assigned
        group by lead_id, episode, cast(acts_at as date), rule_id, slot_number
    )

select *
from final
