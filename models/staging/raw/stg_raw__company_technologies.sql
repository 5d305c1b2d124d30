with
    source as (select * from {{ landed_rows("company_technologies") }}),

    final as (
        select
            {{ clean_text("domain") }} as domain,
            lower({{ clean_text("technology") }}) as technology,
            cast(detected_at as timestamp) as detected_at,
            {{ domain_host("domain") }} as host,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at,
            {{ refresh_number() }} as refresh_number
        from source
    )

select *
from final
