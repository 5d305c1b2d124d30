with
    leads as (select * from {{ ref("int_leads_merged") }}),

    fit_moments as (select * from {{ ref("int_fit_moments") }}),

    consents as (select * from {{ ref("int_consents_resolved") }}),

    policy_boundaries as (select * from {{ ref("int_policy_boundaries") }}),

    united as (
        select lead_id, created_at as moment_at, 'creation' as kind
        from leads
        union all
        select lead_id, moment_at, 'fit' as kind
        from fit_moments
        union all
        select
            consents.survivor_lead_id as lead_id,
            consents.occurred_at as moment_at,
            'consent' as kind
        from consents
        inner join leads on consents.survivor_lead_id = leads.lead_id
        where
            consents.resolved_state = 'staged'
            and consents.occurred_at >= leads.created_at
        union all
        select
            leads.lead_id, policy_boundaries.boundary_at as moment_at, 'policy' as kind
        from leads
        inner join
            policy_boundaries on leads.created_at <= policy_boundaries.boundary_at
    ),

    moments as (
        select
            lead_id,
            moment_at,
            max(case when kind = 'creation' then 1 else 0 end) = 1 as is_creation,
            max(case when kind = 'fit' then 1 else 0 end) = 1 as is_fit_change,
            max(case when kind = 'consent' then 1 else 0 end) = 1 as is_consent_event,
            max(case when kind = 'policy' then 1 else 0 end) = 1 as is_policy_boundary
        from united
        group by lead_id, moment_at
    ),

    final as (
        select
            *,
            case
                when is_creation then {{ beginning_of_time() }} else moment_at
            end as valid_from,
            coalesce(
                lead(moment_at) over (partition by lead_id order by moment_at),
                {{ end_of_time() }}
            ) as valid_to
        from moments
    )

select *
from final
