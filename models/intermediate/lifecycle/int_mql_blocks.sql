with
    statuses as (select * from {{ ref("int_lead_statuses") }}),

    scores as (select * from {{ ref("int_lead_scores") }}),

    sums as (select * from {{ ref("int_engagement_sums") }}),

    -- A hand-raise at this very moment needs no threshold.
    hand_raises as (
        select lead_id
        from sums
        where last_hand_raise_at = {{ as_of() }}
        group by lead_id
    ),

    final as (
        select
            statuses.lead_id,
            case
                when statuses.has_mql_in_force
                then null
                when statuses.is_excluded
                then 'excluded'
                when not statuses.has_consent
                then 'consent'
                when not statuses.has_fit
                then 'fit'
                when
                    scores.engagement_score < statuses.engagement_threshold
                    and hand_raises.lead_id is null
                then 'engagement'
            end as mql_blocked_reason
        from statuses
        inner join scores on statuses.lead_id = scores.lead_id
        left join hand_raises on statuses.lead_id = hand_raises.lead_id
    )

select *
from final
