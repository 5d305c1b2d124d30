with
    months as (
        select *, mature_months <= {{ parameter("budget_months") }} / 2 as is_recent
        from {{ ref("fct_source_months") }}
        where mature_months between 1 and {{ parameter("budget_months") }}
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
            sum(
                case
                    when months.is_recent
                    then months.direct_spend
                    else - months.direct_spend
                end
            ) as spend_change,
            sum(case when months.is_recent then months.sqls else - months.sqls end)
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
            lead_source,
            leads,
            sqls,
            customers,
            expected_customers,
            cast(direct_spend as double) as direct_spend,
            nurture_spend,
            direct_spend / nullif(sum(direct_spend) over (), 0) as spend_share,
            average_cost_per_customer,
            marginal_cost_per_customer,
            is_marginal,
            round(
                weight
                / nullif(sum(weight) over (), 0)
                * (1 - {{ parameter("experiment_share") }}),
                9
            ) as suggested_share,
            revenue,
            (revenue - direct_spend - nurture_spend)
            / nullif(direct_spend + nurture_spend, 0) as roi_with_nurture
        from weighed
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
            {{ parameter("experiment_share") }} as suggested_share,
            0 as revenue,
            null as roi_with_nurture
    )

select *
from final
