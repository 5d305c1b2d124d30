with
    entries as (
        select
            *,
            case
                stage when 'mql' then 1 when 'sal' then 2 when 'sql' then 3 else 4
            end as stage_order
        from {{ ref("fct_stage_entries") }}
        where stage in ('mql', 'sal', 'sql', 'opportunity')
    ),

    wins as (
        select lead_id, episode, entered_at as won_at
        from {{ ref("fct_stage_entries") }}
        where stage = 'customer'
    ),

    closings as (
        select lead_id, episode, min(occurred_at) as closed_at
        from {{ ref("fct_dispositions") }}
        where disposition <> 'accepted'
        group by lead_id, episode
    ),

    losses as (
        select
            lead_id,
            episode,
            case
                when count(*) = count(case when status = 'lost' then 1 end)
                then max(coalesce(closed_at, created_at))
            end as lost_at
        from {{ ref("fct_opportunities") }}
        group by lead_id, episode
    ),

    final as (
        select
            entries.lead_id,
            entries.episode,
            entries.stage,
            entries.entered_at,
            coalesce(
                wins.won_at, least(closings.closed_at, losses.lost_at)
            ) as exited_at,
            case
                when wins.won_at is not null
                then 'won'
                when coalesce(closings.closed_at, losses.lost_at) is not null
                then 'closed'
                else 'open'
            end as outcome,
            min(entries.entered_at) over (
                partition by entries.lead_id, entries.episode
                order by entries.stage_order
                rows between 1 following and unbounded following
            ) as passed_at
        from entries
        left join
            wins on entries.lead_id = wins.lead_id and entries.episode = wins.episode
        left join
            closings
            on entries.lead_id = closings.lead_id
            and entries.episode = closings.episode
        left join
            losses
            on entries.lead_id = losses.lead_id
            and entries.episode = losses.episode
    )

select *
from final
