with
    shares as (select * from {{ ref("int_path_credits") }}),

    leads as (select * from {{ ref("int_lead_statuses") }}),

    opportunities as (select * from {{ ref("fct_opportunities") }}),

    -- A share is one of a lead, milestone and source: nothing is summed unless a win
    -- adds to it.
    created as (
        select
            'cohort' as basis,
            cast({{ dbt.date_trunc("month", "leads.created_at") }} as date) as month,
            shares.attribution_model,
            shares.milestone,
            shares.lead_id,
            shares.lead_source,
            shares.credit,
            case
                when shares.milestone = 'customer'
                then shares.credit * cast(leads.revenue as double)
                else 0
            end as revenue
        from shares
        inner join leads on shares.lead_id = leads.lead_id
    ),

    reached as (
        select
            'period' as basis,
            cast({{ dbt.date_trunc("month", "reached_at") }} as date) as month,
            attribution_model,
            milestone,
            lead_id,
            lead_source,
            credit,
            0 as revenue
        from shares
    ),

    -- A later win of the same lead brings revenue to its own month, and no customer.
    won as (
        select
            'period' as basis,
            cast(
                {{ dbt.date_trunc("month", "opportunities.won_at") }} as date
            ) as month,
            shares.attribution_model,
            shares.milestone,
            shares.lead_id,
            shares.lead_source,
            0 as credit,
            shares.credit * cast(opportunities.won_amount as double) as revenue
        from shares
        inner join opportunities on shares.lead_id = opportunities.lead_id
        where shares.milestone = 'customer' and opportunities.won_amount <> 0
    ),

    earned as (
        select
            basis,
            month,
            attribution_model,
            milestone,
            lead_id,
            lead_source,
            sum(credit) as credit,
            sum(revenue) as revenue
        from
            (
                select *
                from reached
                where milestone = 'customer'
                union all
                select *
                from won
            ) as dated
        group by basis, month, attribution_model, milestone, lead_id, lead_source
    ),

    final as (
        select *
        from created
        union all
        select *
        from reached
        where milestone <> 'customer'
        union all
        select *
        from earned
    )

select *
from final
