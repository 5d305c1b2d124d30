with
    mqls as (select * from {{ ref("fct_mqls") }}),

    opening_hours as (select * from {{ ref("business_hours") }}),

    holidays as (select * from {{ ref("business_holidays") }}),

    bounds as (
        select
            cast(
                least(
                    coalesce(min(mql_at), {{ as_of() }}),
                    {{ as_of() }} - interval '90' day
                ) as date
            ) as first_date,
            cast({{ as_of() }} + interval '90' day as date) as last_date
        from mqls
    ),

    days as (select {{ each_day("first_date", "last_date") }} as day_date from bounds),

    -- 0001-01-01 was a Monday.
    numbered as (
        select
            cast(day_date as date) as day_date,
            cast(day_date as timestamp) as starts_at,
            cast(
                {{ days_between(beginning_of_time(), "cast(day_date as timestamp)") }}
                as bigint
            )
            % 7
            + 1 as weekday
        from days
    ),

    opened as (
        select
            numbered.day_date,
            numbered.weekday,
            {{
                dbt.dateadd(
                    "minute",
                    "cast(round(coalesce(opening_hours.opens_hour, 0) * 60) as integer)",
                    "numbered.starts_at",
                )
            }}
            as opens_at,
            case
                when holidays.holiday_date is null
                then
                    coalesce(
                        (opening_hours.closes_hour - opening_hours.opens_hour) * 3600, 0
                    )
                else 0
            end as business_seconds
        from numbered
        left join opening_hours on numbered.weekday = opening_hours.weekday
        left join holidays on numbered.day_date = holidays.holiday_date
    ),

    summed as (
        select *, sum(business_seconds) over (order by day_date) as seconds_through
        from opened
    ),

    final as (
        select
            day_date,
            weekday,
            opens_at,
            cast(business_seconds as bigint) as business_seconds,
            cast(
                seconds_through - business_seconds as bigint
            ) as business_seconds_before,
            cast(seconds_through as bigint) as business_seconds_through
        from summed
    )

select *
from final
