with
    mqls as (select * from {{ ref("int_episode_mqls") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    dispositions as (
        select staged.*, affected.survivor_lead_id
        from {{ ref("stg_raw__dispositions") }} as staged
        inner join
            {{ ref("int_leads_affected") }} as affected
            on staged.lead_id = affected.lead_id
        where staged.row_state = 'staged' and affected.survivor_lead_id is not null
    ),

    events as (select * from {{ ref("int_lead_events") }}),

    accepted as (
        select mqls.lead_id, mqls.episode, min(dispositions.occurred_at) as sal_at
        from mqls
        inner join
            episodes
            on mqls.lead_id = episodes.lead_id
            and mqls.episode = episodes.episode
        inner join
            dispositions
            on mqls.lead_id = dispositions.survivor_lead_id
            and mqls.mql_at <= dispositions.occurred_at
            and episodes.ends_at >= dispositions.occurred_at
        where dispositions.outcome = 'accepted'
        group by mqls.lead_id, mqls.episode
    ),

    contacted as (
        select mqls.lead_id, mqls.episode, min(events.occurred_at) as contact_at
        from mqls
        inner join
            episodes
            on mqls.lead_id = episodes.lead_id
            and mqls.episode = episodes.episode
        inner join
            events
            on mqls.lead_id = events.lead_id
            and events.is_direct_contact
            and mqls.mql_at <= events.occurred_at
            and episodes.ends_at >= events.occurred_at
        group by mqls.lead_id, mqls.episode
    ),

    final as (
        select
            mqls.lead_id,
            mqls.episode,
            mqls.mql_at,
            accepted.sal_at,
            contacted.contact_at
        from mqls
        left join
            accepted
            on mqls.lead_id = accepted.lead_id
            and mqls.episode = accepted.episode
        left join
            contacted
            on mqls.lead_id = contacted.lead_id
            and mqls.episode = contacted.episode
    )

select *
from final
