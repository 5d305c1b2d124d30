with
    months as (select * from {{ ref("int_source_months") }}),

    parameters as (
        select max(value) as experiment_share
        from {{ ref("report_parameters") }}
        where parameter = 'experiment_share'
    ),

    win_rates as (select sum(customers) / nullif(sum(sqls), 0) as win_rate from months),

    summed as (
        select
            months.lead_source,
            cast(sum(months.leads) as bigint) as leads,
            cast(sum(months.sqls) as bigint) as sqls,
            cast(sum(months.customers) as bigint) as customers,
            round(sum(months.revenue), 2) as revenue,
            sum(months.direct_spend) as direct_spend,
            round(sum(months.nurture_spend), 2) as nurture_spend,
            sum(months.sqls) * max(win_rates.win_rate) as expected_customers,
            sum(months.half_sign * months.direct_spend) as spend_change,
            sum(months.half_sign * months.sqls)
            * max(win_rates.win_rate) as customers_change
        from months
        cross join win_rates
        group by months.lead_source
    ),

    costed as (
        select
            *,
            direct_spend / nullif(expected_customers, 0) as average_cost_per_customer,
            spend_change > 0 and customers_change > 0 as is_marginal,
            case
                when spend_change > 0 and customers_change > 0
                then spend_change / customers_change
                else direct_spend / nullif(expected_customers, 0)
            end as marginal_cost_per_customer
        from summed
    ),

    -- Zero-based: the share that pays most if customers grow as the root of spend.
    weighed as (
        select
            *,
            case
                when direct_spend > 0 and lead_source <> 'unknown'
                then coalesce(expected_customers / marginal_cost_per_customer, 0)
            end as weight
        from costed
    ),

    final as (
        select
            weighed.lead_source,
            weighed.leads,
            weighed.sqls,
            weighed.customers,
            weighed.expected_customers,
            cast(weighed.direct_spend as double) as direct_spend,
            weighed.nurture_spend,
            cast(weighed.direct_spend as double)
            / nullif(sum(weighed.direct_spend) over (), 0) as spend_share,
            weighed.average_cost_per_customer,
            weighed.marginal_cost_per_customer,
            weighed.is_marginal,
            round(
                weighed.weight
                / nullif(sum(weighed.weight) over (), 0)
                * (1 - parameters.experiment_share),
                9
            ) as suggested_share,
            weighed.revenue,
            (weighed.revenue - weighed.direct_spend - weighed.nurture_spend) / nullif(
                weighed.direct_spend + weighed.nurture_spend, 0
            ) as roi_with_nurture
        from weighed
        cross join parameters
        union all
        select
            'experiments' as lead_source,
            0 as leads,
            0 as sqls,
            0 as customers,
            0 as expected_customers,
            0 as direct_spend,
            0 as nurture_spend,
            0 as spend_share,
            null as average_cost_per_customer,
            null as marginal_cost_per_customer,
            false as is_marginal,
            experiment_share as suggested_share,
            0 as revenue,
            null as roi_with_nurture
        from parameters
    )

select *
from final
