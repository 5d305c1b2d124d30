with
    -- Spend and maturity are those of the report without attribution.
    costs as (select * from {{ ref("rpt_source_costs") }}),

    entries as (select * from {{ ref("fct_attributed_entries") }}),

    models as (select * from {{ ref("attribution_models") }}),

    months as (select distinct basis, month, is_mature from costs),

    -- A month and source with spend alone has a row, too.
    measured as (
        select
            attribution_model,
            basis,
            month,
            lead_source,
            0 as spend,
            case when milestone = 'mql' then credit else 0 end as mqls,
            case when milestone = 'sql' then credit else 0 end as sqls,
            case when milestone = 'customer' then credit else 0 end as customers,
            revenue
        from entries
        union all
        select
            models.attribution_model,
            costs.basis,
            costs.month,
            costs.lead_source,
            costs.spend,
            0 as mqls,
            0 as sqls,
            0 as customers,
            0 as revenue
        from costs
        cross join models
        where costs.spend <> 0
    ),

    summed as (
        select
            attribution_model,
            basis,
            month,
            lead_source,
            cast(sum(spend) as decimal(20, 2)) as spend,
            sum(mqls) as mqls,
            sum(sqls) as sqls,
            sum(customers) as customers,
            sum(revenue) as revenue
        from measured
        group by attribution_model, basis, month, lead_source
    ),

    final as (
        select 'lead_source' as attribution_model, costs.*
        from costs
        union all
        select
            summed.attribution_model,
            summed.basis,
            summed.month,
            summed.lead_source,
            summed.spend,
            null as leads,
            summed.mqls,
            null as sals,
            summed.sqls,
            null as opportunities,
            summed.customers,
            null as cost_per_lead,
            cast(summed.spend as double) / nullif(summed.mqls, 0) as cost_per_mql,
            cast(summed.spend as double) / nullif(summed.sqls, 0) as cost_per_sql,
            null as cost_per_opportunity,
            cast(summed.spend as double)
            / nullif(summed.customers, 0) as cost_per_customer,
            summed.revenue,
            (summed.revenue - summed.spend) / nullif(summed.spend, 0) as roi,
            summed.revenue / nullif(summed.spend, 0) as roas,
            months.is_mature
        from summed
        inner join months on summed.basis = months.basis and summed.month = months.month
    )

select *
from final
