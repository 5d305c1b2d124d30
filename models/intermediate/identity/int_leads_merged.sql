with
    versions as (select * from {{ ref("int_lead_versions") }}),

    affected as (select * from {{ ref("int_leads_affected") }}),

    lead_rows as (select * from {{ ref("stg_raw__leads") }}),

    campaigns as (select * from {{ ref("int_campaigns_mapped") }}),

    mapped_sources as (select * from {{ ref("int_lead_sources_mapped") }}),

    groups as (
        select
            affected.survivor_lead_id as lead_id,
            min(lead_rows.created_at) as created_at,
            count(*) as merged_lead_count
        from affected
        inner join lead_rows on affected.lead_id = lead_rows.lead_id
        where lead_rows.is_current and affected.survivor_lead_id is not null
        group by affected.survivor_lead_id
    ),

    final as (
        select
            versions.lead_id,
            groups.created_at,
            groups.merged_lead_count,
            versions.version_at,
            versions.email,
            versions.first_name,
            versions.last_name,
            versions.phone,
            versions.job_title,
            versions.department,
            versions.company_name,
            versions.country,
            versions.region,
            versions.campaign_id,
            versions.landing_page,
            versions.owner_id,
            versions.domain,
            versions.email_domain_type,
            coalesce(versions.is_deleted, false) as is_deleted,
            coalesce(
                versions.lead_source, campaigns.raw_lead_source
            ) as raw_lead_source,
            coalesce(mapped_sources.lead_source, 'unknown') as lead_source
        from versions
        inner join groups on versions.lead_id = groups.lead_id
        left join campaigns on versions.campaign_id = campaigns.campaign_id
        left join
            mapped_sources
            on lower(coalesce(versions.lead_source, campaigns.raw_lead_source))
            = mapped_sources.raw_lead_source
        where versions.valid_to = {{ end_of_time() }}
    )

select *
from final
