with
    opportunities as (select * from {{ ref("stg_raw__opportunities") }}),

    rates as (select * from {{ ref("int_exchange_rate_periods") }}),

    held_back as (
        select
            record_key,
            quarantine_reason as reason,
            _loaded_at as loaded_at,
            currency,
            cast(coalesce(closed_at, updated_at, created_at) as date) as decided_on,
            -- Of several versions the current one has the amount that is held back.
            case when is_current then amount end as amount
        from opportunities
        where row_state = 'quarantined'
    ),

    final as (
        select
            held_back.record_key,
            held_back.reason,
            held_back.loaded_at,
            cast(
                round(
                    held_back.amount
                    * {{ applied_rate("held_back.currency", "rates.rate_to_reporting") }},
                    2
                ) as decimal(20, 2)
            ) as held_back_amount
        from held_back
        left join
            rates
            on held_back.currency = rates.currency
            and held_back.decided_on >= rates.valid_from
            and held_back.decided_on < rates.valid_to
    )

select *
from final
