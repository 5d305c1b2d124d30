with
    leads as (
        select
            *,
            cast({{ dbt.date_trunc("quarter", "created_at") }} as date) as quarter_date
        from {{ ref("fct_leads") }}
    ),

    snapshots as (select * from {{ ref("fct_score_snapshots") }}),

    spend as (
        select
            *,
            cast({{ dbt.date_trunc("quarter", "spend_date") }} as date) as quarter_date
        from {{ ref("fct_spend") }}
    ),

    spent as (
        select quarter_date, lead_source, sum(reporting_amount) as spend
        from spend
        group by quarter_date, lead_source
    ),

    counted as (
        select
            leads.quarter_date,
            leads.lead_source,
            count(*) as leads,
            count(case when snapshots.label like 'A%' then 1 end)
            / nullif(count(snapshots.label), 0) as grade_a_rate,
            count(case when snapshots.label like 'C%' then 1 end)
            / nullif(count(snapshots.label), 0) as grade_c_rate,
            count(case when snapshots.label like '%1' then 1 end)
            / nullif(count(snapshots.label), 0) as level_1_rate,
            count(case when leads.has_reached_mql then 1 end) as mqls,
            count(case when leads.has_reached_sql then 1 end) as sqls,
            count(case when leads.has_reached_customer then 1 end) as customers,
            median(
                {{ days_between("leads.created_at", "leads.mql_at") }}
            ) as median_lead_to_mql_days,
            median(
                {{ days_between("leads.created_at", "leads.customer_at") }}
            ) as median_lead_to_customer_days,
            sum(leads.revenue) as revenue
        from leads
        left join snapshots on leads.lead_id = snapshots.lead_id
        group by leads.quarter_date, leads.lead_source
    ),

    keys as (
        select quarter_date, lead_source
        from counted
        union
        select quarter_date, lead_source
        from spent
    ),

    final as (
        select
            keys.quarter_date,
            keys.lead_source,
            coalesce(counted.leads, 0) as leads,
            counted.grade_a_rate,
            counted.grade_c_rate,
            counted.level_1_rate,
            coalesce(counted.mqls, 0) as mqls,
            coalesce(counted.sqls, 0) as sqls,
            coalesce(counted.customers, 0) as customers,
            counted.mqls / nullif(counted.leads, 0) as lead_to_mql_rate,
            counted.sqls / nullif(counted.leads, 0) as lead_to_sql_rate,
            counted.customers / nullif(counted.leads, 0) as lead_to_customer_rate,
            counted.median_lead_to_mql_days,
            counted.median_lead_to_customer_days,
            cast(coalesce(spent.spend, 0) as decimal(20, 2)) as spend,
            cast(spent.spend as double) / nullif(counted.leads, 0) as cost_per_lead,
            cast(spent.spend as double) / nullif(counted.mqls, 0) as cost_per_mql,
            cast(spent.spend as double)
            / nullif(counted.customers, 0) as cost_per_customer,
            cast(coalesce(counted.revenue, 0) as decimal(20, 2)) as revenue,
            cast(counted.revenue as double)
            / nullif(counted.leads, 0) as revenue_per_lead,
            cast(keys.quarter_date as timestamp)
            + interval '3' month
            + interval '{{ var("maturity_days") | int }}' day
            <= {{ as_of() }} as is_mature
        from keys
        left join
            counted
            on keys.quarter_date = counted.quarter_date
            and keys.lead_source = counted.lead_source
        left join
            spent
            on keys.quarter_date = spent.quarter_date
            and keys.lead_source = spent.lead_source
    )

select *
from final
