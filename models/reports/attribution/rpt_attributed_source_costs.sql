with
    -- Spend and maturity are those of the report without attribution.
    costs as (select * from {{ ref("rpt_source_costs") }}),

    credits as (select * from {{ ref("int_credits_summed") }}),

    models as (select * from {{ ref("attribution_models") }}),

    months as (select distinct basis, month, is_mature from costs),

    -- A month and source with spend alone has a row, too.
    spent as (
        select
            models.attribution_model,
            costs.basis,
            costs.month,
            costs.lead_source,
            costs.spend
        from costs
        cross join models
        where costs.spend <> 0
    ),

    summed as (
        select
            coalesce(
                credits.attribution_model, spent.attribution_model
            ) as attribution_model,
            coalesce(credits.basis, spent.basis) as basis,
            coalesce(credits.month, spent.month) as month,
            coalesce(credits.lead_source, spent.lead_source) as lead_source,
            cast(coalesce(spent.spend, 0) as decimal(20, 2)) as spend,
            coalesce(credits.mqls, 0) as mqls,
            coalesce(credits.sqls, 0) as sqls,
            coalesce(credits.customers, 0) as customers,
            coalesce(credits.revenue, 0) as revenue
        from credits
        full join
            spent
            on credits.attribution_model = spent.attribution_model
            and credits.basis = spent.basis
            and credits.month = spent.month
            and credits.lead_source = spent.lead_source
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
