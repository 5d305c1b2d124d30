with
    versions as (select * from {{ ref("int_company_versions") }}),

    leads as (select * from {{ ref("dim_leads") }}),

    lead_counts as (
        select company_id, count(*) as lead_count
        from leads
        where company_id is not null
        group by company_id
    ),

    final as (
        select
            versions.company_id,
            versions.domain,
            versions.company_name,
            versions.industry,
            versions.employee_count,
            versions.annual_revenue,
            versions.growth_rate,
            versions.country,
            coalesce(lead_counts.lead_count, 0) as lead_count
        from versions
        left join lead_counts on versions.company_id = lead_counts.company_id
        where versions.valid_to = {{ end_of_time() }}
    )

select *
from final
