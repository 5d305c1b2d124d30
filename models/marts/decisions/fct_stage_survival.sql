with
    spells as (select * from {{ ref("fct_stage_spells") }}),

    aged as (
        select
            stage,
            spell_status,
            cast(
                floor(
                    greatest(
                        {{
                            days_between(
                                "entered_at", "coalesce(exited_at, " ~ as_of() ~ ")"
                            )
                        }},
                        0
                    )
                    / 30
                ) as integer
            ) as age_periods
        from spells
    ),

    counted as (
        select
            stage,
            age_periods,
            count(*) as spells,
            count(case when spell_status = 'won' then 1 end) as wins,
            count(case when spell_status = 'closed' then 1 end) as closings,
            count(case when spell_status = 'open' then 1 end) as censored
        from aged
        group by stage, age_periods
    ),

    -- Who is open now leaves the period at its middle on average: the life table.
    exposed as (
        select
            *,
            sum(spells) over (partition by stage order by age_periods desc)
            - censored / 2.0 as exposed_spells
        from counted
    ),

    stayed as (
        select
            *,
            greatest(
                1 - (wins + closings) / nullif(exposed_spells, 0), 1e-300
            ) as stay_rate
        from exposed
    ),

    survived as (
        select
            *,
            exp(
                sum(ln(stay_rate)) over (partition by stage order by age_periods)
            ) as open_rate
        from stayed
    ),

    entered as (
        select
            *,
            coalesce(
                lag(open_rate) over (partition by stage order by age_periods), 1
            ) as open_before_rate,
            lead(age_periods) over (
                partition by stage order by age_periods
            ) as next_age_periods
        from survived
    ),

    final as (
        select
            stage,
            age_periods,
            coalesce(next_age_periods, 1000000) as next_age_periods,
            cast(exposed_spells as double) as exposed_spells,
            wins,
            closings,
            censored,
            round(open_rate, 12) as open_rate,
            round(
                sum(open_before_rate * wins / nullif(exposed_spells, 0)) over (
                    partition by stage order by age_periods
                ),
                12
            ) as won_rate
        from entered
    )

select *
from final
