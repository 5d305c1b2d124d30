with
    statuses as (select * from {{ ref("int_lead_statuses") }}),

    scores as (select * from {{ ref("int_lead_scores") }}),

    sums as (select * from {{ ref("int_score_sums") }}),

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
                -- A hand-raise at this very moment needs no threshold.
                when
                    scores.engagement_score < statuses.engagement_threshold
                    and coalesce(sums.last_hand_raise_at <> {{ as_of() }}, true)
                then 'engagement'
            end as mql_blocked_reason
        from statuses
        inner join scores on statuses.lead_id = scores.lead_id
        inner join sums on statuses.lead_id = sums.lead_id
    )

select *
from final
