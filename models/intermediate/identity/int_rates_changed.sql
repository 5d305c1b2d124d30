with
    exchange_rates as (select * from {{ ref("stg_raw__exchange_rates") }}),

    marked as (
        select
            exchange_rates.*,
            {{ changed_since_last_refresh("exchange_rates") }} as is_changed
        from exchange_rates
        where exchange_rates.row_state = 'staged'
    ),

    dated as (
        select
            currency,
            min(case when is_changed then rate_date end) as first_changed_date,
            min(rate_date) as first_rate_date
        from marked
        group by currency
    ),

    final as (select * from dated where first_changed_date is not null)

select *
from final
