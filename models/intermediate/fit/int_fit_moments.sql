with
    lead_versions as (select * from {{ ref("int_lead_versions") }}),

    company_versions as (select * from {{ ref("int_company_versions") }}),

    technologies as (select * from {{ ref("int_company_technologies_resolved") }}),

    lead_attributes as (
        select staged.*, affected.survivor_lead_id
        from {{ ref("stg_raw__lead_attributes") }} as staged
        inner join
            {{ ref("int_leads_affected") }} as affected
            on staged.lead_id = affected.lead_id
        where staged.row_state = 'staged' and affected.survivor_lead_id is not null
    ),

    versions_before as (
        select
            domain,
            version_at,
            version_number,
            lag(domain) over (
                partition by company_id order by version_number
            ) as domain_before
        from company_versions
    ),

    -- A later company version concerns the leads of the domain it has and of the one
    -- that it had.
    domain_moments as (
        select domain, version_at as moment_at
        from versions_before
        where version_number > 1
        union
        select domain_before as domain, version_at as moment_at
        from versions_before
        where version_number > 1
        union
        select registered_domain as domain, detected_at as moment_at
        from technologies
        where row_state = 'staged'
    ),

    united as (
        select lead_id, valid_from as moment_at
        from lead_versions
        union all
        select lead_versions.lead_id, domain_moments.moment_at
        from lead_versions
        inner join
            domain_moments
            on lead_versions.domain = domain_moments.domain
            and lead_versions.valid_from <= domain_moments.moment_at
            and lead_versions.valid_to > domain_moments.moment_at
        union all
        select survivor_lead_id as lead_id, captured_at as moment_at
        from lead_attributes
    ),

    final as (select lead_id, moment_at from united group by lead_id, moment_at)

select *
from final
