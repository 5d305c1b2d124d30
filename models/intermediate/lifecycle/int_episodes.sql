with
    leads as (select * from {{ ref("int_leads_merged") }}),

    dispositions as (select * from {{ ref("int_dispositions_resolved") }}),

    events as (select * from {{ ref("int_lead_events") }}),

    closings as (
        select
            survivor_lead_id as lead_id,
            occurred_at as closed_at,
            max(case when outcome = 'disqualified' then 1 else 0 end)
            = 1 as is_disqualified,
            case
                max(
                    case
                        outcome when 'disqualified' then 3 when 'rejected' then 2 else 1
                    end
                )
                when 3
                then 'disqualified'
                when 2
                then 'rejected'
                else 'recycled'
            end as closing_outcome
        from dispositions
        where
            resolved_state = 'staged'
            and outcome in ('rejected', 'recycled', 'disqualified')
        group by survivor_lead_id, occurred_at
    ),

    disqualifications as (
        select lead_id, closed_at from closings where is_disqualified
    ),

    -- Only a hand-raise strictly later than a disqualification reopens.
    reopenings as (
        select
            disqualifications.lead_id,
            disqualifications.closed_at,
            min(events.occurred_at) as reopened_at
        from disqualifications
        left join
            events
            on disqualifications.lead_id = events.lead_id
            and events.is_hand_raise
            and events.occurred_at > disqualifications.closed_at
        group by disqualifications.lead_id, disqualifications.closed_at
    ),

    -- After the end for good a closing changes nothing.
    effective as (
        select closings.lead_id, closings.closed_at, closings.closing_outcome
        from closings
        left join
            reopenings
            on closings.lead_id = reopenings.lead_id
            and reopenings.closed_at < closings.closed_at
            and coalesce(reopenings.reopened_at, {{ end_of_time() }})
            > closings.closed_at
        where reopenings.lead_id is null
    ),

    -- Lower bounds are exclusive; a reopened episode covers its start too, and times
    -- have microseconds.
    starts as (
        select
            lead_id,
            cast(null as timestamp) as started_at,
            {{ beginning_of_time() }} as starts_after
        from leads
        union all
        select
            effective.lead_id,
            coalesce(reopenings.reopened_at, effective.closed_at) as started_at,
            coalesce(
                {{ microsecond_before("reopenings.reopened_at") }}, effective.closed_at
            ) as starts_after
        from effective
        left join
            reopenings
            on effective.lead_id = reopenings.lead_id
            and effective.closed_at = reopenings.closed_at
        where
            effective.closing_outcome <> 'disqualified'
            or reopenings.reopened_at is not null
    ),

    numbered as (
        select
            *,
            row_number() over (partition by lead_id order by starts_after) as episode,
            coalesce(
                lead(starts_after) over (partition by lead_id order by starts_after),
                {{ end_of_time() }}
            ) as next_starts_after
        from starts
    ),

    ended as (
        select numbered.lead_id, numbered.episode, min(effective.closed_at) as closed_at
        from numbered
        inner join
            effective
            on numbered.lead_id = effective.lead_id
            and effective.closed_at > numbered.starts_after
            and effective.closed_at <= numbered.next_starts_after
        group by numbered.lead_id, numbered.episode
    ),

    final as (
        select
            numbered.lead_id,
            numbered.episode,
            coalesce(numbered.started_at, leads.created_at) as started_at,
            numbered.starts_after,
            numbered.next_starts_after,
            coalesce(ended.closed_at, {{ end_of_time() }}) as ends_at,
            effective.closing_outcome,
            numbered.next_starts_after = {{ end_of_time() }} as is_in_force
        from numbered
        inner join leads on numbered.lead_id = leads.lead_id
        left join
            ended
            on numbered.lead_id = ended.lead_id
            and numbered.episode = ended.episode
        left join
            effective
            on ended.lead_id = effective.lead_id
            and ended.closed_at = effective.closed_at
    )

select *
from final
