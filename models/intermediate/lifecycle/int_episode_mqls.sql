with
    candidates as (select * from {{ ref("int_mql_candidates") }}),

    rule_days as (select * from {{ ref("int_engagement_rule_days") }}),

    events as (select * from {{ ref("int_lead_events") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    buckets as (select * from {{ ref("int_decay_buckets") }}),

    scores as ({{ engagement_at("candidates") }}),

    periods as (select * from {{ ref("int_eligibility_periods") }}),

    opportunities as (select * from {{ ref("int_episode_opportunities") }}),

    qualified as (
        select
            candidates.lead_id,
            candidates.episode,
            candidates.moment_at as mql_at,
            periods.fit_score,
            coalesce(scores.engagement_score, 0e0) as engagement_score,
            periods.policy_version,
            case
                when candidates.has_hand_raise
                then 'hand_raise'
                when periods.moment_at < candidates.moment_at
                then 'activity'
                when periods.is_creation
                then 'creation'
                when candidates.has_event
                then 'activity'
                when periods.is_fit_change
                then 'fit'
                when periods.is_consent_event
                then 'consent'
                else 'policy'
            end as trigger_kind,
            row_number() over (
                partition by candidates.lead_id, candidates.episode
                order by candidates.moment_at
            ) as moment_number
        from candidates
        left join
            scores
            on candidates.lead_id = scores.lead_id
            and candidates.episode = scores.episode
            and candidates.moment_at = scores.moment_at
        inner join
            periods
            on candidates.lead_id = periods.lead_id
            and candidates.moment_at >= periods.valid_from
            and candidates.moment_at < periods.valid_to
        left join
            opportunities
            on candidates.lead_id = opportunities.lead_id
            and candidates.episode = opportunities.episode
        where
            not periods.is_excluded
            and periods.has_consent
            and periods.has_fit
            and (
                coalesce(scores.engagement_score, 0e0) >= periods.engagement_threshold
                or candidates.has_hand_raise
            )
            and candidates.moment_at
            <= coalesce(opportunities.opportunity_at, {{ end_of_time() }})
    ),

    final as (select * from qualified where moment_number = 1)

select *
from final
