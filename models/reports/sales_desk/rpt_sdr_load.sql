with
    responses as (select * from {{ ref("fct_mql_responses") }}),

    capacity as (select * from {{ ref("sdr_capacity") }}),

    parameters as (
        select max(value) as load_days
        from {{ ref("report_parameters") }}
        where parameter = 'load_days'
    ),

    days as (
        select *
        from {{ ref("dim_business_days") }}
        where day_date <= cast({{ as_of() }} as date)
    ),

    arrived as (
        select cast(mql_at as date) as day_date, count(*) as demand
        from responses
        group by cast(mql_at as date)
    ),

    answered as (
        select
            cast(responded_at as date) as day_date,
            count(*) as answered,
            count(case when responded_at <= due_at then 1 end) as answered_in_time
        from responses
        where responded_at is not null
        group by cast(responded_at as date)
    ),

    weekdays as (select weekday, sum(slots) as slots from capacity group by weekday),

    daily as (
        select
            days.day_date,
            coalesce(arrived.demand, 0) as demand,
            case
                when days.business_seconds > 0 then coalesce(weekdays.slots, 0) else 0
            end as capacity,
            coalesce(answered.answered, 0) as answered,
            coalesce(answered.answered_in_time, 0) as answered_in_time
        from days
        left join arrived on days.day_date = arrived.day_date
        left join answered on days.day_date = answered.day_date
        left join weekdays on days.weekday = weekdays.weekday
    ),

    summed as (
        select *, sum(demand - capacity) over (order by day_date) as surplus from daily
    ),

    -- What is left over of all days so far, never below zero: the surplus above its
    -- lowest point.
    left_over as (
        select *, surplus - least(min(surplus) over (order by day_date), 0) as spill
        from summed
    ),

    carried as (
        select *, coalesce(lag(spill) over (order by day_date), 0) as spill_before
        from left_over
    ),

    final as (
        select
            carried.day_date,
            cast(carried.demand as bigint) as demand,
            cast(carried.capacity as bigint) as capacity,
            cast(carried.spill as bigint) as spill,
            cast(
                carried.capacity
                - (carried.spill_before + carried.demand - carried.spill) as bigint
            ) as idle,
            cast(carried.answered as bigint) as answered,
            cast(carried.answered_in_time as bigint) as answered_in_time
        from carried
        inner join
            parameters
            on {{ days_between("cast(carried.day_date as timestamp)", as_of()) }}
            <= parameters.load_days
    )

select *
from final
