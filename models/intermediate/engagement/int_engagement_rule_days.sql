with
    events as (select * from {{ ref("int_lead_events") }}),

    moments as (select * from {{ ref("int_eligibility_moments") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    -- What happened before the creation acts at the creation, if that is in the
    -- same episode. The other change points of an episode bring no points.
    assigned as (
        select
            events.lead_id,
            episodes.episode,
            events.rule_id,
            events.bucket_number,
            events.points,
            events.weighted_points,
            events.is_hand_raise,
            events.acts_at
        from events
        inner join
            episodes
            on events.lead_id = episodes.lead_id
            and events.occurred_at > episodes.starts_after
            and events.acts_at <= episodes.next_starts_after
        union all
        select
            moments.lead_id,
            episodes.episode,
            null as rule_id,
            null as bucket_number,
            0e0 as points,
            0e0 as weighted_points,
            false as is_hand_raise,
            moments.moment_at as acts_at
        from moments
        inner join
            episodes
            on moments.lead_id = episodes.lead_id
            and moments.moment_at > episodes.starts_after
            and moments.moment_at <= episodes.next_starts_after
        where not moments.is_before_creation
    ),

    final as (
        select
            lead_id,
            episode,
            cast(acts_at as date) as score_date,
            rule_id,
            bucket_number,
            max(acts_at) as last_acts_at,
            max(is_hand_raise) as has_hand_raise,
            count(rule_id) as event_count,
            sum(points) as raw_points,
            sum(greatest(points, 0e0)) as positive_points,
            sum(weighted_points) as weighted_points
        from assigned
        group by lead_id, episode, cast(acts_at as date), rule_id, bucket_number
    )

select *
from final
