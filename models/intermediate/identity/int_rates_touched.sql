with
    exchange_rates as (select * from {{ ref("stg_raw__exchange_rates") }}),

    final as (
        select
            currency,
            min(
                case when {{ is_touched("exchange_rates") }} then rate_date end
            ) as first_touched_date,
            min(rate_date) as first_rate_date
        from exchange_rates
        where row_state = 'staged'
        group by currency
    )

select *
from final
where first_touched_date is not null
