with
    exchange_rates as (select * from {{ ref("stg_raw__exchange_rates") }}),

    marked as (
        select exchange_rates.*, {{ is_touched("exchange_rates") }} as is_touched
        from exchange_rates
        where exchange_rates.row_state = 'staged'
    ),

    dated as (
        select
            currency,
            min(case when is_touched then rate_date end) as first_touched_date,
            min(rate_date) as first_rate_date
        from marked
        group by currency
    ),

    final as (select * from dated where first_touched_date is not null)

select *
from final
