with
    source as (select * from {{ landed_rows("companies") }}),

    typed as (
        select
            {{ clean_text("company_id") }} as company_id,
            {{ clean_text("domain") }} as domain,
            cast(updated_at as timestamp) as updated_at,
            {{ clean_text("company_name") }} as company_name,
            {{ clean_text("industry") }} as industry,
            cast(employee_count as bigint) as employee_count,
            cast(annual_revenue as decimal(20, 6)) as annual_revenue,
            upper({{ clean_text("currency") }}) as currency,
            -- Of -0.0 an engine may keep the sign, which is another text.
            cast(growth_rate as double) + 0e0 as growth_rate,
            {{ clean_text("country") }} as country,
            cast(is_deleted as boolean) as is_deleted,
            {{ domain_host("domain") }} as host,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    versioned as (
        select *, coalesce(updated_at, {{ beginning_of_time() }}) as version_at
        from typed
    ),

    keyed as (select *, company_id as record_key from versioned),

    united as ({{ with_staged_rows("keyed") }}),

    ranked as (
        select
            *,
            row_number() over (
                partition by company_id, version_at
                order by {{ latest_first("companies") }}
            ) as version_rank
        from united
    ),

    validated as (
        {{
            versions_validated(
                "ranked", "company_id", "when is_deleted then 'deleted'"
            )
        }}
    ),

    final as (
        select
            *,
            {{ row_state() }} as row_state,
            version_at as effective_at,
            {{ refresh_number() }} as refresh_number
        from validated
    )

select *
from final
