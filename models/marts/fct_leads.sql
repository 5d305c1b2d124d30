with
    leads as (select * from {{ ref("int_lead_statuses") }}),

    scores as (select * from {{ ref("fct_lead_scores") }}),

    sums as (select * from {{ ref("int_engagement_sums") }}),

    -- Whoever raises a hand at this very moment needs no threshold; it is no MQL only
    -- where the episode has an earlier opportunity.
    raised as (
        select lead_id
        from sums
        where last_hand_raise_at = {{ as_of() }}
        group by lead_id
    ),

    final as (
        select
            leads.lead_id,
            leads.created_at,
            leads.lead_source,
            leads.raw_lead_source,
            leads.campaign_id,
            leads.owner_id,
            scores.fit_score,
            scores.engagement_score,
            scores.label,
            leads.current_stage,
            leads.episode_count,
            leads.mql_at,
            case
                when leads.has_mql_in_force
                then null
                when leads.is_excluded
                then 'excluded'
                when not leads.has_consent
                then 'consent'
                when not leads.has_fit
                then 'fit'
                when
                    scores.engagement_score < leads.engagement_threshold
                    and raised.lead_id is null
                then 'engagement'
            end as mql_blocked_reason,
            leads.sal_at,
            leads.sql_at,
            leads.opportunity_at,
            leads.customer_at,
            leads.revenue,
            leads.is_sales_sourced,
            -- A later stage implies the earlier ones.
            coalesce(
                leads.mql_at,
                leads.sal_at,
                leads.sql_at,
                leads.opportunity_at,
                leads.customer_at
            )
            is not null as has_reached_mql,
            coalesce(
                leads.sal_at, leads.sql_at, leads.opportunity_at, leads.customer_at
            )
            is not null as has_reached_sal,
            coalesce(leads.sql_at, leads.opportunity_at, leads.customer_at)
            is not null as has_reached_sql,
            coalesce(leads.opportunity_at, leads.customer_at)
            is not null as has_reached_opportunity,
            leads.customer_at is not null as has_reached_customer,
            leads.is_excluded,
            leads.has_consent
        from leads
        inner join scores on leads.lead_id = scores.lead_id
        left join raised on leads.lead_id = raised.lead_id
    )

select *
from final
