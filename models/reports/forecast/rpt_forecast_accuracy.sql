with
    forecast_log as (select * from {{ raw_rows("forecast_log", "ops") }}),

    wins as (
        select stage, entered_at, passed_at, exited_at as won_at
        from {{ ref("int_stage_durations") }}
        where outcome = 'won'
    ),

    final as (
        select
            forecast_log.made_at,
            forecast_log.stage,
            forecast_log.step,
            forecast_log.starts_at,
            forecast_log.ends_at,
            forecast_log.open_leads,
            max(forecast_log.expected_customers) as expected_customers,
            count(wins.won_at) as actual_customers,
            count(wins.won_at) - max(forecast_log.expected_customers) as difference
        from forecast_log
        -- Won in the month, and standing in this stage when it was predicted.
        left join
            wins
            on forecast_log.stage = wins.stage
            and forecast_log.made_at >= wins.entered_at
            and forecast_log.made_at < least(wins.passed_at, wins.won_at)
            and forecast_log.starts_at < wins.won_at
            and forecast_log.ends_at >= wins.won_at
        where forecast_log.ends_at <= {{ as_of() }}
        group by
            forecast_log.made_at,
            forecast_log.stage,
            forecast_log.step,
            forecast_log.starts_at,
            forecast_log.ends_at,
            forecast_log.open_leads
    )

select *
from final
