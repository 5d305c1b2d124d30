with
    episodes as (select * from {{ ref("int_episodes") }}),

    acceptances as (select * from {{ ref("int_episode_acceptances") }}),

    opportunities as (select * from {{ ref("int_episode_opportunities") }}),

    criteria_read as (select * from {{ ref("int_criteria_read") }}),

    qualified as (
        select
            acceptances.lead_id,
            acceptances.episode,
            min(criteria_read.moment_at) as qualified_at
        from acceptances
        inner join
            criteria_read
            on acceptances.lead_id = criteria_read.lead_id
            and acceptances.episode = criteria_read.episode
            and acceptances.contact_at <= criteria_read.moment_at
        inner join
            episodes
            on acceptances.lead_id = episodes.lead_id
            and acceptances.episode = episodes.episode
            and criteria_read.moment_at <= episodes.ends_at
        where criteria_read.is_qualified
        group by acceptances.lead_id, acceptances.episode
    ),

    final as (
        select
            episodes.lead_id,
            episodes.episode,
            episodes.started_at,
            episodes.ends_at,
            episodes.closing_outcome,
            episodes.is_in_force,
            acceptances.mql_at,
            acceptances.sal_at,
            acceptances.contact_at,
            least(qualified.qualified_at, opportunities.opportunity_at) as sql_at,
            case
                when
                    qualified.qualified_at
                    <= coalesce(opportunities.opportunity_at, qualified.qualified_at)
                then 'qualified'
                when opportunities.opportunity_at is not null
                then 'opportunity'
            end as sql_trigger,
            opportunities.opportunity_at,
            opportunities.customer_at,
            case
                when opportunities.customer_at is not null
                then 'won'
                when episodes.closing_outcome is not null
                then episodes.closing_outcome
                when opportunities.is_lost
                then 'lost'
                when acceptances.sal_at is not null
                then 'accepted'
                else 'open'
            end as outcome
        from episodes
        left join
            acceptances
            on episodes.lead_id = acceptances.lead_id
            and episodes.episode = acceptances.episode
        left join
            qualified
            on episodes.lead_id = qualified.lead_id
            and episodes.episode = qualified.episode
        left join
            opportunities
            on episodes.lead_id = opportunities.lead_id
            and episodes.episode = opportunities.episode
    )

select *
from final
