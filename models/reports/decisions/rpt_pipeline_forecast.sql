{% set this_month = dbt.date_trunc("month", as_of()) %}
with
    spells as (
        select *, {{ days_between("entered_at", as_of()) }} as age_days
        from {{ ref("fct_stage_spells") }}
        where spell_status = 'open' and passed_at is null
    ),

    survival as (select * from {{ ref("fct_stage_survival") }}),

    customers as (
        select avg(cast(revenue as double)) as average_revenue
        from {{ ref("fct_leads") }}
        where has_reached_customer
    ),

    months as (
        {% for step in range(1, 7) %}
            select
                {{ step }} as step,
                greatest(
                    {{ this_month }} + interval '{{ step - 1 }}' month, {{ as_of() }}
                ) as starts_at,
                {{ this_month }} + interval '{{ step }}' month as ends_at
                {{ "union all" if not loop.last }}
        {% endfor %}
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
            spells.stage,
            months.step,
            months.starts_at,
            months.ends_at,
            count(*) as open_leads,
            round(coalesce(sum(rates.won_rate), 0), 9) as expected_customers
        from spells
        cross join months
        left join
            rates
            on spells.stage = rates.stage
            and months.step = rates.step
            and spells.age_days >= rates.age_days
            and spells.age_days < rates.next_age_days
        group by spells.stage, months.step, months.starts_at, months.ends_at
    ),

    final as (
        select
            expected.stage,
            expected.step,
            expected.starts_at,
            expected.ends_at,
            expected.open_leads,
            expected.expected_customers,
            round(
                expected.expected_customers * customers.average_revenue, 2
            ) as expected_revenue
        from expected
        cross join customers
    )

select *
from final
