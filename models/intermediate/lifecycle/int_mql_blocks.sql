with
    gates as (select * from {{ ref("int_gates") }}),

    scores as (select * from {{ ref("int_lead_scores") }}),

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
                when scores.engagement_score < gates.engagement_threshold
                then 'engagement'
            end as mql_blocked_reason
        from gates
        inner join scores on gates.lead_id = scores.lead_id
        where gates.valid_to = {{ end_of_time() }}
    )

select *
from final
