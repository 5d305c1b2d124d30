with
    source as (select * from {{ landed_rows("company_technologies") }}),

    typed as (
        select
            {{ clean_text("domain") }} as domain,
            lower({{ clean_text("technology") }}) as technology,
            cast(detected_at as timestamp) as detected_at,
            {{ domain_host("domain") }} as host,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    keyed as (
        select
            *,
            concat_ws(
                '|', domain, technology, cast(detected_at as string)
            ) as technology_key
        from typed
    ),

    united as ({{ with_staged_rows("keyed", key="technology_key") }}),

    final as (
        select *, detected_at as effective_at, {{ refresh_number() }} as refresh_number
        from united
    )

select *
from final
