with
    leads as (select * from {{ ref("int_leads_merged") }}),

    episode_stages as (select * from {{ ref("int_episode_stages") }}),

    opportunities as (select * from {{ ref("int_opportunities_placed") }}),

    revenues as (
        select lead_id, sum(won_amount) as revenue from opportunities group by lead_id
    ),

    firsts as (
        select
            lead_id,
            min(mql_at) as mql_at,
            min(sal_at) as sal_at,
            min(sql_at) as sql_at,
            min(opportunity_at) as opportunity_at,
            min(customer_at) as customer_at
        from episode_stages
        group by lead_id
    ),

    sourced as (
        select lead_id, mql_at is null as is_sales_sourced
        from
            (
                select
                    lead_id,
                    mql_at,
                    row_number() over (
                        partition by lead_id order by sql_at, episode
                    ) as sql_rank
                from episode_stages
                where sql_at is not null
            ) as ranked
        where sql_rank = 1
    ),

    final as (
        select
            leads.lead_id,
            leads.created_at,
            in_force.episode as episode_count,
            firsts.mql_at,
            firsts.sal_at,
            firsts.sql_at,
            firsts.opportunity_at,
            firsts.customer_at,
            coalesce(sourced.is_sales_sourced, false) as is_sales_sourced,
            coalesce(revenues.revenue, 0) as revenue,
            in_force.mql_at is not null as has_mql_in_force,
            case
                when firsts.customer_at is not null
                then 'customer'
                when in_force.closing_outcome = 'disqualified'
                then 'disqualified'
                when in_force.opportunity_at is not null
                then 'opportunity'
                when in_force.sql_at is not null
                then 'sql'
                when in_force.sal_at is not null
                then 'sal'
                when in_force.mql_at is not null
                then 'mql'
                else 'lead'
            end as current_stage
        from leads
        inner join firsts on leads.lead_id = firsts.lead_id
        inner join
            episode_stages as in_force
            on leads.lead_id = in_force.lead_id
            and in_force.is_in_force
        left join sourced on leads.lead_id = sourced.lead_id
        left join revenues on leads.lead_id = revenues.lead_id
    )

select *
from final
