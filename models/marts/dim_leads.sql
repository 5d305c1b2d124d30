with
    leads as (select * from {{ ref("int_leads_merged") }}),

    companies as (select * from {{ ref("int_domain_companies") }}),

    final as (
        select
            leads.lead_id,
            leads.created_at,
            case when not leads.is_deleted then leads.email end as email,
            case when not leads.is_deleted then leads.first_name end as first_name,
            case when not leads.is_deleted then leads.last_name end as last_name,
            case when not leads.is_deleted then leads.phone end as phone,
            case when not leads.is_deleted then leads.landing_page end as landing_page,
            leads.job_title,
            leads.department,
            leads.company_name,
            companies.company_id,
            leads.country,
            leads.region,
            leads.lead_source,
            leads.campaign_id,
            leads.owner_id,
            leads.email_domain_type,
            leads.merged_lead_count,
            leads.is_deleted
        from leads
        left join
            companies
            on leads.domain = companies.domain
            and companies.valid_to = {{ end_of_time() }}
    )

select *
from final
