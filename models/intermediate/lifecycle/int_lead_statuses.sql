with
    leads as (select * from {{ ref("int_leads_merged") }}),

    episode_stages as (select * from {{ ref("int_episode_stages") }}),

    opportunities as (select * from {{ ref("int_opportunities_assigned") }}),

    periods as (select * from {{ ref("int_eligibility_periods") }}),

    revenues as (
        select lead_id, sum(won_amount) as revenue from opportunities group by lead_id
    ),

    ranked as (
        select
            *,
            row_number() over (
                partition by lead_id order by sql_at nulls last, episode
            ) as sql_rank
        from episode_stages
    ),

    firsts as (
        select
            lead_id,
            min(mql_at) as mql_at,
            min(sal_at) as sal_at,
            min(sql_at) as sql_at,
            min(opportunity_at) as opportunity_at,
            min(customer_at) as customer_at,
            max(
                sql_rank = 1 and sql_at is not null and mql_at is null
            ) as is_sales_sourced
        from ranked
        group by lead_id
    ),

    final as (
        select
            leads.lead_id,
            leads.created_at,
            leads.lead_source,
            leads.raw_lead_source,
            leads.campaign_id,
            leads.owner_id,
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
            end as current_stage,
            in_force.episode as episode_count,
            in_force.starts_after,
            firsts.mql_at,
            firsts.sal_at,
            firsts.sql_at,
            firsts.opportunity_at,
            firsts.customer_at,
            coalesce(revenues.revenue, 0) as revenue,
            firsts.is_sales_sourced,
            in_force.mql_at is not null as has_mql_in_force,
            periods.is_excluded,
            periods.has_consent,
            periods.has_fit,
            periods.engagement_threshold
        from leads
        inner join firsts on leads.lead_id = firsts.lead_id
        inner join
            episode_stages as in_force
            on leads.lead_id = in_force.lead_id
            and in_force.is_in_force
        inner join
            periods
            on leads.lead_id = periods.lead_id
            and periods.valid_to = {{ end_of_time() }}
        left join revenues on leads.lead_id = revenues.lead_id
    )

select *
from final
