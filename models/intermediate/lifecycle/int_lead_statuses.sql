with
    leads as (select * from {{ ref("int_leads_merged") }}),

    lead_stages as (select * from {{ ref("int_lead_stages") }}),

    periods as (select * from {{ ref("int_eligibility_periods") }}),

    unknowns as (select * from {{ ref("int_fit_unknowns_counted") }}),

    final as (
        select
            leads.lead_id,
            leads.created_at,
            leads.lead_source,
            leads.raw_lead_source,
            leads.campaign_id,
            leads.owner_id,
            lead_stages.current_stage,
            lead_stages.episode_count,
            lead_stages.mql_at,
            lead_stages.sal_at,
            lead_stages.sql_at,
            lead_stages.opportunity_at,
            lead_stages.customer_at,
            lead_stages.revenue,
            lead_stages.is_sales_sourced,
            lead_stages.has_mql_in_force,
            periods.is_excluded,
            periods.has_consent,
            periods.has_fit,
            periods.engagement_threshold,
            unknowns.fit_unknown_count
        from leads
        inner join lead_stages on leads.lead_id = lead_stages.lead_id
        inner join
            periods
            on leads.lead_id = periods.lead_id
            and periods.valid_to = {{ end_of_time() }}
        inner join unknowns on leads.lead_id = unknowns.lead_id
    )

select *
from final
