with
    source as (select * from {{ landed_rows("consents") }}),

    typed as (
        select
            coalesce({{ clean_text("lead_id") }}, '') as lead_id,
            lower({{ clean_text("status") }}) as status,
            lower({{ clean_text("basis") }}) as basis,
            cast(occurred_at as timestamp) as occurred_at,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    keyed as (
        select *, concat_ws('|', lead_id, cast(occurred_at as string)) as record_key
        from typed
    ),

    united as ({{ with_staged_rows("keyed") }}),

    ranked as (
        select
            *,
            row_number() over (
                partition by lead_id, occurred_at
                order by {{ latest_first("consents") }}
            ) as version_rank
        from united
    ),

    validated as (
        select
            *,
            case
                when version_rank > 1
                then null
                when occurred_at > {{ as_of() }}
                then 'future'
                when status in ('granted', 'withdrawn')
                then null
                else 'unknown_value'
            end as quarantine_reason
        from ranked
    ),

    final as (
        select
            *,
            {{ row_state() }} as row_state,
            occurred_at as effective_at,
            {{ refresh_number() }} as refresh_number
        from validated
    )

select *
from final
