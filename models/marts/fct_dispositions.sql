with
    dispositions as (
        select staged.*, affected.survivor_lead_id
        from {{ ref("stg_raw__dispositions") }} as staged
        inner join
            {{ ref("int_leads_affected") }} as affected
            on staged.lead_id = affected.lead_id
        where staged.row_state = 'staged' and affected.survivor_lead_id is not null
    ),

    episodes as (select * from {{ ref("int_episodes") }}),

    reasons as (select * from {{ ref("disposition_reasons") }}),

    -- One that comes after the end for good belongs to the episode that it found.
    final as (
        select
            dispositions.disposition_id,
            episodes.lead_id,
            episodes.episode,
            dispositions.outcome as disposition,
            case
                when dispositions.reason is not null
                then coalesce(lower(trim(reasons.disposition_reason)), 'other')
            end as disposition_reason,
            dispositions.rep_id,
            dispositions.occurred_at
        from dispositions
        inner join
            episodes
            on dispositions.survivor_lead_id = episodes.lead_id
            and dispositions.occurred_at > episodes.starts_after
            and dispositions.occurred_at <= episodes.next_starts_after
        left join
            reasons
            on lower(dispositions.reason) = lower(trim(reasons.disposition_reason))
    )

select *
from final
