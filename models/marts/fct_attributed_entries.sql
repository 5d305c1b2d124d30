with
    shares as (select * from {{ ref("int_path_credits") }}),

    leads as (select * from {{ ref("int_lead_statuses") }}),

    opportunities as (select * from {{ ref("fct_opportunities") }}),

    dated as (
        select
            shares.*,
            'cohort' as basis,
            leads.created_at as moment_at,
            case
                when shares.milestone = 'customer'
                then shares.credit * cast(leads.revenue as double)
                else 0
            end as revenue
        from shares
        inner join leads on shares.lead_id = leads.lead_id
        union all
        select *, 'period' as basis, reached_at as moment_at, 0 as revenue
        from shares
    ),

    -- A later win of the same lead brings revenue to its own month, and no customer.
    won as (
        select
            shares.*,
            opportunities.won_at,
            shares.credit * cast(opportunities.won_amount as double) as revenue
        from shares
        inner join opportunities on shares.lead_id = opportunities.lead_id
        where shares.milestone = 'customer' and opportunities.won_amount <> 0
    ),

    united as (
        select
            basis,
            moment_at,
            attribution_model,
            milestone,
            lead_id,
            lead_source,
            credit,
            revenue
        from dated
        union all
        select
            'period' as basis,
            won_at as moment_at,
            attribution_model,
            milestone,
            lead_id,
            lead_source,
            0 as credit,
            revenue
        from won
    ),

    final as (
        select
            basis,
            cast({{ dbt.date_trunc("month", "moment_at") }} as date) as month,
            attribution_model,
            milestone,
            lead_id,
            lead_source,
            sum(credit) as credit,
            sum(revenue) as revenue
        from united
        group by
            basis,
            cast({{ dbt.date_trunc("month", "moment_at") }} as date),
            attribution_model,
            milestone,
            lead_id,
            lead_source
    )

select *
from final
