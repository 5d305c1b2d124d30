with
    lead_rows as (select * from {{ ref("stg_raw__leads") }}),

    affected as (select * from {{ ref("int_leads_affected") }}),

    domains as (select * from {{ ref("int_domains_registered") }}),

    versions as (
        select
            lead_rows.*,
            row_number() over (
                partition by lead_rows.lead_id order by lead_rows.version_at
            ) as version_number,
            lead(lead_rows.version_at) over (
                partition by lead_rows.lead_id order by lead_rows.version_at
            ) as next_version_at
        from lead_rows
        inner join affected on lead_rows.lead_id = affected.survivor_lead_id
        where lead_rows.row_state = 'staged' and affected.reason = 'self'
    ),

    final as (
        select
            versions.*,
            case
                when versions.version_number = 1
                then {{ beginning_of_time() }}
                else versions.version_at
            end as valid_from,
            coalesce(versions.next_version_at, {{ end_of_time() }}) as valid_to,
            email_domains.domain as email_domain,
            company_domains.domain as stated_domain,
            case
                when email_domains.domain is null
                then null
                when email_domains.is_free
                then 'free'
                when email_domains.is_disposable
                then 'disposable'
                else 'business'
            end as email_domain_type,
            coalesce(
                company_domains.domain,
                case when not email_domains.is_free then email_domains.domain end
            ) as domain
        from versions
        left join domains as email_domains on versions.email_host = email_domains.host
        left join
            domains as company_domains on versions.company_host = company_domains.host
    )

select *
from final
