with
    exchange_rates as (select * from {{ ref("stg_raw__exchange_rates") }}),

    final as (
        select currency, min(rate_date) as first_rate_date
        from exchange_rates
        where {{ is_touched("exchange_rates") }}
        group by currency
    )

select *
from final
