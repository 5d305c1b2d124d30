with
    forecasts as (
        select * from {{ ref("fct_forecasts") }} where ends_at <= {{ as_of() }}
    ),

    spells as (select * from {{ ref("fct_stage_spells") }}),

    numbered as (
        select
            *,
            case
                stage when 'mql' then 1 when 'sal' then 2 when 'sql' then 3 else 4
            end as stage_order
        from spells
    ),

    moments as (select made_at from forecasts group by made_at),

    -- The highest stage that each later customer had at the moment of the forecast.
    placed as (
        select
            moments.made_at,
            numbered.lead_id,
            numbered.episode,
            numbered.exited_at as won_at,
            max(numbered.stage_order) as stage_order
        from moments
        inner join
            numbered
            on moments.made_at >= numbered.entered_at
            and moments.made_at < numbered.exited_at
        where numbered.spell_status = 'won'
        group by moments.made_at, numbered.lead_id, numbered.episode, numbered.exited_at
    ),

    stages as (
        select stage, max(stage_order) as stage_order from numbered group by stage
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
            count(placed.lead_id) as actual_customers,
            count(placed.lead_id) - max(forecasts.expected_customers) as difference
        from forecasts
        left join stages on forecasts.stage = stages.stage
        left join
            placed
            on forecasts.made_at = placed.made_at
            and stages.stage_order = placed.stage_order
            and forecasts.starts_at < placed.won_at
            and forecasts.ends_at >= placed.won_at
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
