with
    scenarios as (select * from {{ ref("int_mql_scenarios") }}),

    qualified as (select * from {{ ref("int_scenario_mqls") }}),

    leads as (select * from {{ ref("fct_leads") }}),

    spend as (select * from {{ ref("fct_spend") }}),

    capacity as (select sum(slots) as weekly_slots from {{ ref("sdr_capacity") }}),

    periods as (
        select
            max(value) as week_count,
            {{ as_of() }} - round(max(value)) * interval '7' day as starts_at
        from {{ ref("report_parameters") }}
        where parameter = 'threshold_weeks'
    ),

    dated as (
        select
            qualified.*,
            qualified.qualified_at > periods.starts_at as is_in_period,
            qualified.qualified_at > periods.starts_at
            and {{ days_between("qualified.qualified_at", as_of()) }}
            >= {{ var("maturity_days") | int }} as is_mature,
            coalesce(leads.sql_at, leads.opportunity_at, leads.customer_at)
            >= qualified.qualified_at as is_sql,
            leads.customer_at >= qualified.qualified_at as is_customer,
            leads.customer_at
            >= greatest(qualified.qualified_at, periods.starts_at) as is_caught
        from qualified
        inner join leads on qualified.lead_id = leads.lead_id
        cross join periods
    ),

    counted as (
        select
            fit_hurdle,
            engagement_threshold,
            count(case when is_in_period then 1 end) as mqls,
            count(case when is_mature then 1 end) as mature_mqls,
            count(case when is_mature and is_sql then 1 end) as mature_sqls,
            count(case when is_mature and is_customer then 1 end) as mature_customers,
            count(distinct case when is_caught then lead_id end) as caught
        from dated
        group by fit_hurdle, engagement_threshold
    ),

    won as (
        select count(*) as customers
        from leads
        inner join periods on leads.customer_at >= periods.starts_at
    ),

    spent as (
        select cast(sum(spend.reporting_amount) as double) as spend
        from spend
        inner join periods on cast(spend.spend_date as timestamp) > periods.starts_at
    ),

    final as (
        select
            scenarios.fit_hurdle,
            scenarios.engagement_threshold,
            scenarios.is_policy,
            coalesce(counted.mqls, 0) as mqls,
            coalesce(counted.mqls, 0) / periods.week_count as mqls_per_week,
            counted.mature_sqls / nullif(counted.mature_mqls, 0) as mql_to_sql_rate,
            counted.mature_customers
            / nullif(counted.mature_mqls, 0) as mql_to_customer_rate,
            coalesce(counted.caught, 0)
            / nullif(won.customers, 0) as customers_caught_rate,
            coalesce(counted.mqls, 0)
            / nullif(periods.week_count * capacity.weekly_slots, 0) as sdr_load_rate,
            spent.spend / nullif(counted.mqls, 0) as spend_per_mql,
            coalesce(
                scenarios.engagement_threshold = min(
                    case
                        when
                            coalesce(counted.mqls, 0)
                            <= periods.week_count * capacity.weekly_slots
                        then scenarios.engagement_threshold
                    end
                ) over (partition by scenarios.fit_hurdle),
                false
            ) as is_filling_capacity
        from scenarios
        cross join periods
        cross join capacity
        cross join won
        cross join spent
        left join
            counted
            on scenarios.fit_hurdle = counted.fit_hurdle
            and scenarios.engagement_threshold = counted.engagement_threshold
    )

select *
from final
