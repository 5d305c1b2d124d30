with
    lead_versions as (select * from {{ ref("int_lead_versions") }}),

    companies as (select * from {{ ref("int_domain_companies") }}),

    final as (
        select
            lead_versions.lead_id,
            greatest(lead_versions.valid_from, companies.valid_from) as valid_from,
            least(lead_versions.valid_to, companies.valid_to) as valid_to,
            companies.company_id,
            companies.industry as company_industry,
            companies.employee_count as company_employee_count,
            companies.annual_revenue as company_annual_revenue,
            companies.growth_rate as company_growth_rate,
            companies.country as company_country
        from lead_versions
        inner join
            companies
            on lead_versions.domain = companies.domain
            and lead_versions.valid_from < companies.valid_to
            and lead_versions.valid_to > companies.valid_from
    )

select *
from final
