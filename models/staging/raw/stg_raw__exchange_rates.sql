with
    source as (select * from {{ landed_rows("exchange_rates") }}),

    typed as (
        select
            upper({{ clean_text("currency") }}) as currency,
            cast(rate_date as date) as rate_date,
            cast(rate_to_reporting as decimal(18, 9)) as rate_to_reporting,
            cast(_loaded_at as timestamp) as _loaded_at,
            cast(_landed_at as timestamp) as _landed_at
        from source
    ),

    keyed as (
        select *, concat_ws('|', currency, cast(rate_date as string)) as record_key
        from typed
    ),

    united as ({{ with_staged_rows("keyed") }}),

    ranked as (
        select
            *,
            row_number() over (
                partition by currency, rate_date
                order by {{ latest_first("exchange_rates") }}
            ) as version_rank
        from united
    ),

    validated as (
        select
            *,
            case
                when version_rank > 1
                then null
                when cast(rate_date as timestamp) > {{ as_of() }}
                then 'future'
            end as quarantine_reason
        from ranked
    ),

    final as (
        select
            *,
            {{ row_state() }} as row_state,
            cast(rate_date as timestamp) as effective_at,
            {{ refresh_number() }} as refresh_number
        from validated
    )

select *
from final
