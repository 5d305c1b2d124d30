{% set steps = range(1, 7) %}
with
    spells as (
        select
            *,
            cast(
                floor({{ days_between("entered_at", as_of()) }} / 30) as integer
            ) as age_periods
        from {{ ref("fct_stage_spells") }}
        where spell_status = 'open' and is_latest_stage
    ),

    survival as (select * from {{ ref("fct_stage_survival") }}),

    customers as (
        select avg(cast(revenue as double)) as average_revenue
        from {{ ref("fct_leads") }}
        where has_reached_customer
    ),

    steps as (
        {% for step in steps %}
            select {{ step }} as step {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    aged as (
        select stage, age_periods, count(*) as open_leads
        from spells
        group by stage, age_periods
    ),

    expected as (
        select
            aged.stage,
            aged.age_periods,
            aged.open_leads,
            steps.step,
            coalesce(through.won_rate, 0)
            - coalesce(earlier.won_rate, 0) as won_in_step,
            coalesce(reached.open_rate, 1) as open_at_age
        from aged
        cross join steps
        left join
            survival as through
            on aged.stage = through.stage
            and aged.age_periods + steps.step - 1 >= through.age_periods
            and aged.age_periods + steps.step - 1 < through.next_age_periods
        left join
            survival as earlier
            on aged.stage = earlier.stage
            and aged.age_periods + steps.step - 2 >= earlier.age_periods
            and aged.age_periods + steps.step - 2 < earlier.next_age_periods
        left join
            survival as reached
            on aged.stage = reached.stage
            and aged.age_periods - 1 >= reached.age_periods
            and aged.age_periods - 1 < reached.next_age_periods
    ),

    summed as (
        select
            stage,
            step,
            cast(sum(open_leads) as bigint) as open_leads,
            round(
                sum(open_leads * won_in_step / nullif(open_at_age, 0)), 9
            ) as expected_customers
        from expected
        group by stage, step
    ),

    final as (
        select
            summed.stage,
            summed.step,
            {{ as_of() }} + (summed.step - 1) * interval '30' day as starts_at,
            {{ as_of() }} + summed.step * interval '30' day as ends_at,
            summed.open_leads,
            coalesce(summed.expected_customers, 0) as expected_customers,
            round(
                coalesce(summed.expected_customers, 0) * customers.average_revenue, 2
            ) as expected_revenue
        from summed
        cross join customers
    )

select *
from final
