with
    days as (select * from {{ ref("int_engagement_days") }}),

    periods as (select * from {{ ref("int_eligibility_periods") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    events as (select * from {{ ref("int_lead_events") }}),

    -- Days in which the score may have reached the threshold while the lead was
    -- eligible.
    possible_days as (
        select
            days.lead_id,
            days.episode,
            days.score_date,
            max(
                days.engagement_score >= periods.engagement_threshold
                and days.scored_at >= periods.valid_from
                and days.scored_at < periods.valid_to
                and days.scored_at <= episodes.ends_at
            ) as is_certain
        from days
        inner join
            episodes
            on days.lead_id = episodes.lead_id
            and days.episode = episodes.episode
        inner join
            periods
            on days.lead_id = periods.lead_id
            and days.score_date >= cast(periods.valid_from as date)
            and days.score_date <= cast(periods.valid_to as date)
            and (
                days.has_hand_raise
                or days.highest_possible_score + 0.000001e0
                >= periods.engagement_threshold
            )
        where not periods.is_excluded and periods.has_consent and periods.has_fit
        group by days.lead_id, days.episode, days.score_date
    ),

    bounded_days as (
        select
            *,
            min(case when is_certain then score_date end) over (
                partition by lead_id, episode
            ) as last_date
        from possible_days
    ),

    moments as (
        select lead_id, occurred_at, acts_at, is_hand_raise, true as is_event
        from events
        union all
        select
            lead_id,
            moment_at as occurred_at,
            moment_at as acts_at,
            false as is_hand_raise,
            false as is_event
        from periods
    ),

    final as (
        select
            bounded_days.lead_id,
            bounded_days.episode,
            moments.acts_at as moment_at,
            max(
                moments.is_hand_raise and moments.occurred_at > episodes.starts_after
            ) as has_hand_raise,
            max(moments.is_event) as has_event
        from bounded_days
        inner join
            episodes
            on bounded_days.lead_id = episodes.lead_id
            and bounded_days.episode = episodes.episode
        inner join
            moments
            on bounded_days.lead_id = moments.lead_id
            and bounded_days.score_date = cast(moments.acts_at as date)
            and episodes.starts_after < moments.acts_at
            and episodes.ends_at >= moments.acts_at
        where
            bounded_days.score_date
            <= coalesce(bounded_days.last_date, bounded_days.score_date)
        group by bounded_days.lead_id, bounded_days.episode, moments.acts_at
    )

select *
from final
