with
    exchange_rates as (select * from {{ ref("stg_raw__exchange_rates") }}),

    final as (
        select exchange_rates.currency, min(exchange_rates.rate_date) as first_rate_date
        from exchange_rates
        where {{ is_touched("exchange_rates") }}
        group by exchange_rates.currency
    )

select *
from final
