with
    forecast_log as (select * from {{ relation_named("ops", "forecast_log") }}),

    final as (
        select
            made_at,
            stage,
            step,
            starts_at,
            ends_at,
            open_leads,
            expected_customers,
            expected_revenue
        from forecast_log
        where made_at < {{ as_of() }}
    )

select *
from final
