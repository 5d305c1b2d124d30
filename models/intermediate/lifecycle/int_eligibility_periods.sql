with
    moments as (select * from {{ ref("int_eligibility_moments") }}),

    fit_scores as (select * from {{ ref("int_fit_scores") }}),

    matches as (select * from {{ ref("int_rule_matches") }}),

    consent_periods as (select * from {{ ref("int_consent_periods") }}),

    policies as (select * from {{ ref("int_policy_periods") }}),

    exclusions as (
        select lead_id, moment_at
        from matches
        where rule_set = 'exclusion'
        group by lead_id, moment_at
    ),

    final as (
        select
            moments.lead_id,
            moments.moment_at,
            moments.valid_from,
            moments.valid_to,
            moments.is_creation,
            moments.is_fit_change,
            moments.is_consent_event,
            fit_scores.fit_score,
            policies.policy_version,
            policies.engagement_threshold,
            exclusions.lead_id is not null as is_excluded,
            coalesce(
                consent_periods.is_granted, not policies.requires_consent
            ) as has_consent,
            fit_scores.fit_score >= policies.fit_hurdle as has_fit
        from moments
        inner join
            fit_scores
            on moments.lead_id = fit_scores.lead_id
            and moments.moment_at = fit_scores.moment_at
        inner join
            policies
            on moments.moment_at >= policies.valid_from
            and moments.moment_at < policies.valid_to
        left join
            exclusions
            on moments.lead_id = exclusions.lead_id
            and moments.moment_at = exclusions.moment_at
        left join
            consent_periods
            on moments.lead_id = consent_periods.lead_id
            and moments.moment_at >= consent_periods.valid_from
            and moments.moment_at < consent_periods.valid_to
        where not moments.is_before_creation
    )

select *
from final
