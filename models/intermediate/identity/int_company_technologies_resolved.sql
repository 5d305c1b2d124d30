with
    technologies as (select * from {{ ref("stg_raw__company_technologies") }}),

    domains as (select * from {{ ref("int_domains_registered") }}),

    registered as (
        select technologies.*, domains.domain as registered_domain
        from technologies
        left join domains on technologies.host = domains.host
    ),

    ranked as (
        select
            *,
            concat_ws(
                '|', registered_domain, technology, cast(detected_at as string)
            ) as record_key,
            row_number() over (
                partition by registered_domain, technology, detected_at
                order by {{ latest_first("company_technologies") }}
            ) as version_rank
        from registered
    ),

    validated as (
        select
            *,
            case
                when version_rank > 1
                then null
                when detected_at > {{ as_of() }}
                then 'future'
            end as quarantine_reason
        from ranked
    ),

    final as (select *, {{ row_state() }} as row_state from validated)

select *
from final
