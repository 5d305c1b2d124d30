with
    leads as (select * from {{ ref("int_leads_merged") }}),

    dispositions as (
        select staged.*, affected.survivor_lead_id
        from {{ ref("stg_raw__dispositions") }} as staged
        inner join
            {{ ref("int_leads_affected") }} as affected
            on staged.lead_id = affected.lead_id
        where staged.row_state = 'staged' and affected.survivor_lead_id is not null
    ),

    events as (select * from {{ ref("int_lead_events") }}),

    closings as (
        select
            survivor_lead_id as lead_id,
            occurred_at as closed_at,
            case
                when min(outcome) = 'disqualified' then 'disqualified' else max(outcome)
            end as closing_outcome
        from dispositions
        where outcome in ('rejected', 'recycled', 'disqualified')
        group by survivor_lead_id, occurred_at
    ),

    -- Only a hand-raise strictly later than a disqualification reopens.
    reopenings as (
        select closings.*, min(events.occurred_at) as reopened_at
        from closings
        left join
            events
            on closings.lead_id = events.lead_id
            and closings.closing_outcome = 'disqualified'
            and events.is_hand_raise
            and closings.closed_at < events.occurred_at
        group by closings.lead_id, closings.closed_at, closings.closing_outcome
    ),

    -- Until it is reopened, nothing closes what a disqualification has closed.
    numbered as (
        select
            reopenings.*,
            row_number() over (
                partition by reopenings.lead_id order by reopenings.closed_at
            ) as episode
        from reopenings
        left join
            reopenings as earlier
            on reopenings.lead_id = earlier.lead_id
            and earlier.closing_outcome = 'disqualified'
            and reopenings.closed_at > earlier.closed_at
            and coalesce(earlier.reopened_at, {{ end_of_time() }})
            > reopenings.closed_at
        where earlier.lead_id is null
    ),

    -- Starts are exclusive, except those of reopened episodes.
    starts as (
        select
            lead_id,
            cast(1 as bigint) as episode,
            created_at as started_at,
            {{ beginning_of_time() }} as starts_after
        from leads
        union all
        select
            lead_id,
            episode + 1 as episode,
            coalesce(reopened_at, closed_at) as started_at,
            coalesce(reopened_at - interval '1' microsecond, closed_at) as starts_after
        from numbered
        where closing_outcome <> 'disqualified' or reopened_at is not null
    ),

    final as (
        select
            starts.*,
            leads.created_at,
            coalesce(
                lead(starts.starts_after) over (
                    partition by starts.lead_id order by starts.episode
                ),
                {{ end_of_time() }}
            ) as next_starts_after,
            coalesce(numbered.closed_at, {{ end_of_time() }}) as ends_at,
            numbered.closing_outcome,
            starts.episode = max(
                case when starts.starts_after < {{ as_of() }} then starts.episode end
            ) over (partition by starts.lead_id) as is_in_force
        from starts
        inner join leads on starts.lead_id = leads.lead_id
        left join
            numbered
            on starts.lead_id = numbered.lead_id
            and starts.episode = numbered.episode
    )

select *
from final
