with
    candidate_days as (select * from {{ ref("int_mql_candidate_days") }}),

    gates as (select * from {{ ref("int_gates") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    events as (select * from {{ ref("int_lead_events") }}),

    moments as (
        select lead_id, occurred_at, is_hand_raise, true as is_event
        from events
        union all
        select
            lead_id, moment_at as occurred_at, false as is_hand_raise, false as is_event
        from gates
    ),

    placed as (
        select
            candidate_days.lead_id,
            candidate_days.episode,
            greatest(moments.occurred_at, episodes.created_at) as moment_at,
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
            and candidate_days.score_date
            = cast(greatest(moments.occurred_at, episodes.created_at) as date)
            and greatest(moments.occurred_at, episodes.created_at)
            > episodes.starts_after
            and greatest(moments.occurred_at, episodes.created_at) <= episodes.ends_at
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
