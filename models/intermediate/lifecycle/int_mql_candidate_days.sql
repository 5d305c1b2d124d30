with
    days as (select * from {{ ref("int_engagement_days") }}),

    gates as (select * from {{ ref("int_gates") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

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

    final as (
        select open_days.lead_id, open_days.episode, open_days.score_date
        from open_days
        left join
            first_certain
            on open_days.lead_id = first_certain.lead_id
            and open_days.episode = first_certain.episode
        where
            first_certain.lead_id is null
            or open_days.score_date <= first_certain.score_date
    )

select *
from final
