with
    leads as (select * from {{ ref("fct_leads") }}),

    spend as (select * from {{ ref("fct_spend") }}),

    parameters as (
        select max(value) as budget_months
        from {{ ref("report_parameters") }}
        where parameter = 'budget_months'
    ),

    entries as (
        select
            cast({{ dbt.date_trunc("month", "created_at") }} as date) as month,
            lead_source,
            1 as leads,
            case when has_reached_sql then 1 else 0 end as sqls,
            case when has_reached_customer then 1 else 0 end as customers,
            revenue,
            0 as spend,
            0 as nurture_spend
        from leads
        union all
        select
            cast({{ dbt.date_trunc("month", "spend_date") }} as date) as month,
            lead_source,
            0 as leads,
            0 as sqls,
            0 as customers,
            0 as revenue,
            case when category = 'nurture' then 0 else reporting_amount end as spend,
            case
                when category = 'nurture' then reporting_amount else 0
            end as nurture_spend
        from spend
    ),

    summed as (
        select
            month,
            lead_source,
            cast(sum(leads) as bigint) as leads,
            cast(sum(sqls) as bigint) as sqls,
            cast(sum(customers) as bigint) as customers,
            cast(sum(revenue) as double) as revenue,
            cast(sum(spend) as decimal(20, 2)) as direct_spend,
            cast(sum(nurture_spend) as double) as nurture_spend
        from entries
        group by month, lead_source
    ),

    -- Mails go to all leads, whoever the spend line names.
    shared as (
        select
            *,
            coalesce(
                sum(nurture_spend) over (partition by month)
                * leads
                / nullif(sum(leads) over (partition by month), 0),
                nurture_spend
            ) as shared_nurture_spend,
            {{ as_of() }}
            - interval '{{ var("maturity_days") | int }}' day as mature_until
        from summed
    ),

    -- The first month is the latest that is old enough.
    numbered as (
        select *, {{ dbt.datediff("month", "mature_until", "month") }} as month_number
        from shared
    ),

    final as (
        select
            numbered.month,
            numbered.lead_source,
            numbered.leads,
            numbered.sqls,
            numbered.customers,
            numbered.revenue,
            numbered.direct_spend,
            numbered.shared_nurture_spend as nurture_spend,
            case
                when numbered.month_number <= parameters.budget_months / 2
                then 1
                else -1
            end as half_sign
        from numbered
        inner join
            parameters on numbered.month_number between 1 and parameters.budget_months
    )

select *
from final
