with
    thresholds as (select * from {{ ref("rpt_mql_thresholds") }} where is_policy),

    mqls as (select * from {{ ref("fct_mqls") }}),

    counted as (
        select count(*) as mqls
        from mqls
        where
            {{ days_between("mql_at", as_of()) }}
            < 7 * {{ parameter("threshold_weeks") }}
    )

select counted.mqls, thresholds.mqls as reported_mqls
from counted
left join thresholds on counted.mqls = thresholds.mqls
where thresholds.mqls is null
