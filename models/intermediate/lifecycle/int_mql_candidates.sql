with
    days as (select * from {{ ref("int_engagement_days") }}),

    gates as (select * from {{ ref("int_gates") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    events as (select * from {{ ref("int_lead_events") }}),

    open_gates as (
        select * from gates where not is_excluded and has_consent and has_fit
    ),

    -- Days in which the score may have reached the threshold while the gate was open.
    open_days as (
        select
            days.lead_id,
            days.episode,
            days.score_date,
            max(
                case
                    when
                        days.engagement_score >= open_gates.engagement_threshold
                        and days.scored_at >= open_gates.valid_from
                        and days.scored_at < open_gates.valid_to
                        and days.scored_at <= episodes.ends_at
                    then 1
                    else 0
                end
            )
            = 1 as is_certain
        from days
        inner join
            episodes
            on days.lead_id = episodes.lead_id
            and days.episode = episodes.episode
        inner join
            open_gates
            on days.lead_id = open_gates.lead_id
            and days.score_date >= cast(open_gates.valid_from as date)
            and days.score_date <= cast(open_gates.valid_to as date)
            and (
                days.has_hand_raise
                or days.highest_possible_score + 0.000001
                >= open_gates.engagement_threshold
            )
        group by days.lead_id, days.episode, days.score_date
    ),

    first_certain as (
        select lead_id, episode, min(score_date) as score_date
        from open_days
        where is_certain
        group by lead_id, episode
    ),

    candidate_days as (
        select open_days.lead_id, open_days.episode, open_days.score_date
        from open_days
        left join
            first_certain
            on open_days.lead_id = first_certain.lead_id
            and open_days.episode = first_certain.episode
        where
            first_certain.lead_id is null
            or open_days.score_date <= first_certain.score_date
    ),

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
