with
    thresholds as (select * from {{ ref("rpt_mql_thresholds") }} where is_policy),

    mqls as (select * from {{ ref("fct_mqls") }}),

    parameters as (
        select max(value) as threshold_weeks
        from {{ ref("report_parameters") }}
        where parameter = 'threshold_weeks'
    ),

    counted as (
        select count(*) as mqls
        from mqls
        inner join
            parameters
            on {{ days_between("mqls.mql_at", as_of()) }}
            < 7 * parameters.threshold_weeks
    )

select counted.mqls, thresholds.mqls as reported_mqls
from counted
left join thresholds on counted.mqls = thresholds.mqls
where thresholds.mqls is null
