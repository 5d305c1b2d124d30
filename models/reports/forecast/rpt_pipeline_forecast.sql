with
    durations as (
        select *, {{ days_between("entered_at", as_of()) }} as age_days
        from {{ ref("int_stage_durations") }}
        where outcome = 'open' and passed_at is null
    ),

    survival as (select * from {{ ref("int_stage_survival") }}),

    customers as (
        select avg(cast(revenue as double)) as average_revenue
        from {{ ref("fct_leads") }}
        where has_reached_customer
    ),

    steps as (
        select steps.step, {{ dbt.date_trunc("month", as_of()) }} as month_starts_at
        from (values (1), (2), (3), (4), (5), (6)) as steps(step)
    ),

    months as (
        select
            step,
            greatest(
                month_starts_at + (step - 1) * interval '1' month, {{ as_of() }}
            ) as starts_at,
            month_starts_at + step * interval '1' month as ends_at
        from steps
    ),

    -- Wins of a step of 30 days are spread evenly over its days.
    shared as (
        select
            survival.stage,
            survival.age_days,
            survival.next_age_days,
            months.step,
            survival.won_rate * greatest(
                least(
                    {{ days_between(as_of(), "months.ends_at") }},
                    survival.step_number * 30
                ) - greatest(
                    {{ days_between(as_of(), "months.starts_at") }},
                    (survival.step_number - 1) * 30
                ),
                0
            )
            / 30 as won_rate
        from survival
        cross join months
    ),

    rates as (
        select stage, age_days, next_age_days, step, sum(won_rate) as won_rate
        from shared
        group by stage, age_days, next_age_days, step
    ),

    expected as (
        select
            durations.stage,
            months.step,
            months.starts_at,
            months.ends_at,
            count(*) as open_leads,
            round(coalesce(sum(rates.won_rate), 0), 9) as expected_customers
        from durations
        cross join months
        left join
            rates
            on durations.stage = rates.stage
            and months.step = rates.step
            and durations.age_days >= rates.age_days
            and durations.age_days < rates.next_age_days
        group by durations.stage, months.step, months.starts_at, months.ends_at
    ),

    final as (
        select
            expected.*,
            round(
                expected.expected_customers * customers.average_revenue, 2
            ) as expected_revenue
        from expected
        cross join customers
    )

select *
from final
