with
    gates as (select * from {{ ref("int_gates") }}),

    scores as (select * from {{ ref("int_lead_scores") }}),

    rule_days as (select * from {{ ref("int_engagement_rule_days") }}),

    -- A hand-raise at this very moment needs no threshold.
    hand_raises as (
        select lead_id
        from rule_days
        where has_hand_raise and last_acts_at = {{ as_of() }}
        group by lead_id
    ),

    final as (
        select
            gates.lead_id,
            case
                when gates.is_excluded
                then 'excluded'
                when not gates.has_consent
                then 'consent'
                when not gates.has_fit
                then 'fit'
                when
                    scores.engagement_score < gates.engagement_threshold
                    and hand_raises.lead_id is null
                then 'engagement'
            end as mql_blocked_reason
        from gates
        inner join scores on gates.lead_id = scores.lead_id
        left join hand_raises on gates.lead_id = hand_raises.lead_id
        where gates.valid_to = {{ end_of_time() }}
    )

select *
from final
