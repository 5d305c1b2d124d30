with
    leads as (select * from {{ ref("int_leads_merged") }}),

    lead_stages as (select * from {{ ref("int_lead_stages") }}),

    scores as (select * from {{ ref("int_lead_scores") }}),

    blocks as (select * from {{ ref("int_mql_blocks") }}),

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
            concat(grades.band, levels.band) as label,
            lead_stages.current_stage,
            lead_stages.episode_count,
            lead_stages.mql_at,
            case
                when not lead_stages.has_mql_in_force then blocks.mql_blocked_reason
            end as mql_blocked_reason,
            lead_stages.sal_at,
            lead_stages.sql_at,
            lead_stages.opportunity_at,
            lead_stages.customer_at,
            lead_stages.revenue,
            lead_stages.is_sales_sourced,
            coalesce(
                lead_stages.mql_at,
                lead_stages.sal_at,
                lead_stages.sql_at,
                lead_stages.opportunity_at,
                lead_stages.customer_at
            )
            is not null as has_reached_mql,
            coalesce(
                lead_stages.sal_at,
                lead_stages.sql_at,
                lead_stages.opportunity_at,
                lead_stages.customer_at
            )
            is not null as has_reached_sal,
            coalesce(
                lead_stages.sql_at, lead_stages.opportunity_at, lead_stages.customer_at
            )
            is not null as has_reached_sql,
            coalesce(lead_stages.opportunity_at, lead_stages.customer_at)
            is not null as has_reached_opportunity,
            lead_stages.customer_at is not null as has_reached_customer
        from leads
        inner join lead_stages on leads.lead_id = lead_stages.lead_id
        inner join scores on leads.lead_id = scores.lead_id
        inner join blocks on leads.lead_id = blocks.lead_id {{ label_joins("scores") }}
    )

select *
from final
