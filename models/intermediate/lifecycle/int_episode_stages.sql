with
    episodes as (select * from {{ ref("int_episodes") }}),

    acceptances as (select * from {{ ref("int_episode_acceptances") }}),

    opportunities as (select * from {{ ref("int_episode_opportunities") }}),

    assessments as (select * from {{ ref("int_criteria_assessments") }}),

    -- The first moment from the contact on at which the criteria are met.
    qualified as (
        select
            acceptances.lead_id,
            acceptances.episode,
            min(
                greatest(acceptances.contact_at, assessments.valid_from)
            ) as qualified_at
        from acceptances
        inner join
            episodes
            on acceptances.lead_id = episodes.lead_id
            and acceptances.episode = episodes.episode
        inner join
            assessments
            on acceptances.lead_id = assessments.lead_id
            and acceptances.contact_at < assessments.valid_to
            and episodes.ends_at >= assessments.valid_from
        where assessments.is_qualified
        group by acceptances.lead_id, acceptances.episode
    ),

    final as (
        select
            episodes.lead_id,
            episodes.episode,
            episodes.started_at,
            episodes.starts_after,
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
