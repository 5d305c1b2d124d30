with
    candidate_days as (select * from {{ ref("int_mql_candidate_days") }}),

    gates as (select * from {{ ref("int_gates") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    events as (select * from {{ ref("int_lead_events") }}),

    moments as (
        select
            lead_id, acts_at as moment_at, occurred_at, is_hand_raise, true as is_event
        from events
        union all
        select
            lead_id,
            moment_at,
            moment_at as occurred_at,
            false as is_hand_raise,
            false as is_event
        from gates
    ),

    final as (
        select
            candidate_days.lead_id,
            candidate_days.episode,
            moments.moment_at,
            max(
                case
                    when
                        moments.is_hand_raise
                        and moments.occurred_at > episodes.starts_after
                    then 1
                    else 0
                end
            )
            = 1 as has_hand_raise,
            max(case when moments.is_event then 1 else 0 end) = 1 as has_event
        from candidate_days
        inner join
            episodes
            on candidate_days.lead_id = episodes.lead_id
            and candidate_days.episode = episodes.episode
        inner join
            moments
            on candidate_days.lead_id = moments.lead_id
            and candidate_days.score_date = cast(moments.moment_at as date)
            and moments.moment_at > episodes.starts_after
            and moments.moment_at <= episodes.ends_at
        group by candidate_days.lead_id, candidate_days.episode, moments.moment_at
    )

select *
from final
