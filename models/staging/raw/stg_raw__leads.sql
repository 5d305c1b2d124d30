with
    source as (select * from {{ landed_rows("leads") }}),

    typed as (
        select
            {{ clean_text("lead_id") }} as lead_id,
            cast(created_at as timestamp) as created_at,
            cast(updated_at as timestamp) as updated_at,
            {{ clean_text("email") }} as email,
            {{ clean_text("first_name") }} as first_name,
            {{ clean_text("last_name") }} as last_name,
            {{ clean_text("phone") }} as phone,
            {{ clean_text("job_title") }} as job_title,
            {{ clean_text("department") }} as department,
            {{ clean_text("company_name") }} as company_name,
            {{ clean_text("company_domain") }} as company_domain,
            {{ clean_text("country") }} as country,
            {{ clean_text("region") }} as region,
            {{ clean_text("lead_source") }} as lead_source,
            {{ clean_text("campaign_id") }} as campaign_id,
            {{ clean_text("landing_page") }} as landing_page,
            {{ clean_text("owner_id") }} as owner_id,
            {{ clean_text("merged_into_lead_id") }} as merged_into_lead_id,
            cast(is_deleted as boolean) as is_deleted,
            {{ email_host("email") }} as email_host,
            {{ domain_host("company_domain") }} as company_host,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    versioned as (select *, coalesce(updated_at, created_at) as version_at from typed),

    keyed as (select *, lead_id as record_key from versioned),

    united as ({{ with_staged_rows("keyed") }}),

    ranked as (
        select
            *,
            row_number() over (
                partition by lead_id, version_at order by {{ latest_first("leads") }}
            ) as version_rank
        from united
    ),

    validated as (
        {{
            versions_validated(
                "ranked", "lead_id", "when created_at > " ~ as_of() ~ " then 'future'"
            )
        }}
    ),

    final as (
        select
            *,
            {{ row_state() }} as row_state,
            case when is_in_force then created_at else version_at end as effective_at,
            {{ refresh_number() }} as refresh_number
        from validated
    )

select *
from final
