with
    candidate_days as (select * from {{ ref("int_mql_candidate_days") }}),

    gates as (select * from {{ ref("int_gates") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    events as (select * from {{ ref("int_lead_events") }}),

    creations as (
        select lead_id, min(created_at) as created_at from episodes group by lead_id
    ),

    moments as (
        select
            events.lead_id,
            events.occurred_at,
            greatest(events.occurred_at, creations.created_at) as moment_at,
            events.is_hand_raise,
            true as is_event
        from events
        inner join creations on events.lead_id = creations.lead_id
        union all
        select
            lead_id,
            moment_at as occurred_at,
            moment_at,
            false as is_hand_raise,
            false as is_event
        from gates
    ),

    placed as (
        select
            candidate_days.lead_id,
            candidate_days.episode,
            moments.moment_at,
            moments.is_hand_raise
            and moments.occurred_at > episodes.starts_after as is_hand_raise,
            moments.is_event
        from candidate_days
        inner join
            episodes
            on candidate_days.lead_id = episodes.lead_id
            and candidate_days.episode = episodes.episode
        inner join
            moments
            on candidate_days.lead_id = moments.lead_id
            and candidate_days.score_date = cast(moments.moment_at as date)
            and episodes.starts_after < moments.moment_at
            and episodes.ends_at >= moments.moment_at
    ),

    final as (
        select
            lead_id,
            episode,
            moment_at,
            max(is_hand_raise) as has_hand_raise,
            max(is_event) as has_event
        from placed
        group by lead_id, episode, moment_at
    )

select *
from final
