with
    leads as (select * from {{ ref("int_leads_merged") }}),

    fit_moments as (select * from {{ ref("int_fit_moments") }}),

    consents as (
        select staged.*, affected.survivor_lead_id
        from {{ ref("stg_raw__consents") }} as staged
        inner join
            {{ ref("int_leads_affected") }} as affected
            on staged.lead_id = affected.lead_id
        where staged.row_state = 'staged' and affected.survivor_lead_id is not null
    ),

    policy_boundaries as (select * from {{ ref("int_policy_boundaries") }}),

    opportunities as (select * from {{ ref("int_opportunities_resolved") }}),

    dated as (
        select lead_id, moment_at, 'fit' as kind
        from fit_moments
        union all
        select survivor_lead_id as lead_id, occurred_at as moment_at, 'consent' as kind
        from consents
        union all
        select survivor_lead_id as lead_id, created_at as moment_at, 'sale' as kind
        from opportunities
        where is_current and resolved_state = 'staged'
    ),

    -- A CRM may date an opportunity before its lead: the SQL that it makes shows the
    -- fit of that time.
    united as (
        select lead_id, created_at as moment_at, 'creation' as kind
        from leads
        union all
        select
            leads.lead_id, policy_boundaries.boundary_at as moment_at, 'policy' as kind
        from leads
        inner join
            policy_boundaries on leads.created_at <= policy_boundaries.boundary_at
        union all
        select leads.lead_id, dated.moment_at, dated.kind
        from leads
        inner join
            dated
            on leads.lead_id = dated.lead_id
            and (leads.created_at > dated.moment_at) = (dated.kind = 'sale')
    ),

    moments as (
        select
            lead_id,
            moment_at,
            max(kind = 'creation') as is_creation,
            max(kind = 'fit') as is_fit_change,
            max(kind = 'consent') as is_consent_event,
            max(kind = 'sale') as is_before_creation
        from united
        group by lead_id, moment_at
    ),

    final as (
        select
            *,
            case
                when
                    lag(moment_at) over (partition by lead_id order by moment_at)
                    is null
                then {{ beginning_of_time() }}
                else moment_at
            end as valid_from,
            coalesce(
                lead(moment_at) over (partition by lead_id order by moment_at),
                {{ end_of_time() }}
            ) as valid_to
        from moments
    )

select *
from final
