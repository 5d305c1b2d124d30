with
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
            and disqualifications.closed_at < events.occurred_at
        group by disqualifications.lead_id, disqualifications.closed_at
    ),

    -- After the end for good a closing changes nothing.
    final as (
        select
            closings.lead_id,
            closings.closed_at,
            closings.closing_outcome,
            own.reopened_at
        from closings
        left join
            reopenings
            on closings.lead_id = reopenings.lead_id
            and closings.closed_at > reopenings.closed_at
            and coalesce(reopenings.reopened_at, {{ end_of_time() }})
            > closings.closed_at
        left join
            reopenings as own
            on closings.lead_id = own.lead_id
            and closings.closed_at = own.closed_at
        where reopenings.lead_id is null
    )

select *
from final
