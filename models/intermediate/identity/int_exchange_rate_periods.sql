with
    exchange_rates as (select * from {{ ref("stg_raw__exchange_rates") }}),

    final as (
        select
            currency,
            rate_date as valid_from,
            rate_to_reporting,
            row_number() over (partition by currency order by rate_date) as rate_number,
            coalesce(
                lead(rate_date) over (partition by currency order by rate_date),
                cast({{ end_of_time() }} as date)
            ) as valid_to
        from exchange_rates
        where row_state = 'staged'
    )

select *
from final
