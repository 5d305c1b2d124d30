with
    -- The counts are the funnel's, so that the two reports cannot disagree.
    funnel as (select * from {{ ref("rpt_lead_funnel") }}),

    spend as (select * from {{ ref("fct_spend") }}),

    monthly_spend as (
        select
            cast({{ dbt.date_trunc("month", "spend_date") }} as date) as month,
            lead_source,
            sum(reporting_amount) as spend
        from spend
        group by cast({{ dbt.date_trunc("month", "spend_date") }} as date), lead_source
    ),

    joined as (
        select
            funnel.*,
            cast(coalesce(monthly_spend.spend, 0) as decimal(20, 2)) as spend,
            cast(funnel.month as timestamp) + interval '1' month as month_ended_at
        from funnel
        left join
            monthly_spend
            on funnel.month = monthly_spend.month
            and funnel.lead_source = monthly_spend.lead_source
    ),

    final as (
        select
            basis,
            month,
            lead_source,
            spend,
            leads,
            mqls,
            sals,
            sqls,
            opportunities,
            customers,
            cast(spend as double) / nullif(leads, 0) as cost_per_lead,
            cast(spend as double) / nullif(mqls, 0) as cost_per_mql,
            cast(spend as double) / nullif(sqls, 0) as cost_per_sql,
            cast(spend as double) / nullif(opportunities, 0) as cost_per_opportunity,
            cast(spend as double) / nullif(customers, 0) as cost_per_customer,
            revenue,
            cast(revenue - spend as double) / nullif(spend, 0) as roi,
            cast(revenue as double) / nullif(spend, 0) as roas,
            case
                when basis = 'period'
                then month_ended_at <= {{ as_of() }}
                else
                    month_ended_at + interval '{{ var("maturity_days") | int }}' day
                    <= {{ as_of() }}
            end as is_mature
        from joined
    )

select *
from final
