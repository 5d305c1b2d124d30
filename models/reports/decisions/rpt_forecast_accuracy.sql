with
    forecasts as (
        select * from {{ ref("fct_forecasts") }} where ends_at <= {{ as_of() }}
    ),

    wins as (
        select stage, entered_at, passed_at, exited_at as won_at
        from {{ ref("fct_stage_spells") }}
        where spell_status = 'won'
    ),

    final as (
        select
            forecasts.made_at,
            forecasts.stage,
            forecasts.step,
            forecasts.starts_at,
            forecasts.ends_at,
            forecasts.open_leads,
            max(forecasts.expected_customers) as expected_customers,
            count(wins.won_at) as actual_customers,
            count(wins.won_at) - max(forecasts.expected_customers) as difference
        from forecasts
        -- Won in the month, and standing in this stage when it was foretold.
        left join
            wins
            on forecasts.stage = wins.stage
            and forecasts.made_at >= wins.entered_at
            and forecasts.made_at < least(wins.passed_at, wins.won_at)
            and forecasts.starts_at < wins.won_at
            and forecasts.ends_at >= wins.won_at
        group by
            forecasts.made_at,
            forecasts.stage,
            forecasts.step,
            forecasts.starts_at,
            forecasts.ends_at,
            forecasts.open_leads
    )

select *
from final
