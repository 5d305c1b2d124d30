with
    entries as (select * from {{ ref("int_stage_entries") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    previous as (
        select lead_id, episode, stage_order + 1 as stage_order, entered_at from entries
    ),

    final as (
        select
            entries.lead_id,
            entries.episode,
            entries.stage,
            leads.lead_source,
            entries.entered_at,
            {{ days_between("previous.entered_at", "entries.entered_at") }}
            as days_since_previous_stage
        from entries
        inner join leads on entries.lead_id = leads.lead_id
        left join
            previous
            on entries.lead_id = previous.lead_id
            and entries.episode = previous.episode
            and entries.stage_order = previous.stage_order
    )

select *
from final
