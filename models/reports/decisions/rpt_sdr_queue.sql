with
    waiting as (select * from {{ ref("fct_waiting_mqls") }}),

    capacity as (select * from {{ ref("sdr_capacity") }}),

    days as (select * from {{ ref("dim_business_days") }}),

    -- Who may not be called comes last: such an MQL has to be closed, not worked.
    ranked as (
        select
            *,
            row_number() over (
                order by
                    case when is_contactable then 0 else 1 end asc,
                    case when is_hand_raise then 0 else 1 end asc,
                    label asc,
                    predicted_value desc nulls last,
                    mql_at asc,
                    lead_id asc
            ) as queue_position
        from waiting
    ),

    -- The day to be planned: today until business closes, else the next business day.
    planned as (
        select min(day_date) as work_date
        from days
        where
            business_seconds > 0
            and {{ days_between(as_of(), "opens_at") }} * 86400 + business_seconds > 0
    ),

    -- The slots of the day in turn: every rep's first, then every rep's second.
    slots as (
        select
            capacity.rep_id,
            planned.work_date,
            row_number() over (
                order by ranked.queue_position, capacity.rep_id
            ) as slot_number
        from planned
        inner join days on planned.work_date = days.day_date
        inner join capacity on days.weekday = capacity.weekday
        inner join ranked on capacity.slots >= ranked.queue_position
    ),

    final as (
        select
            ranked.queue_position,
            ranked.lead_id,
            ranked.episode,
            ranked.lead_source,
            ranked.owner_id,
            ranked.mql_at,
            ranked.is_hand_raise,
            ranked.label,
            ranked.predicted_value,
            ranked.reasons,
            ranked.sla_rule_id,
            ranked.due_at,
            coalesce(ranked.due_at < {{ as_of() }}, false) as is_overdue,
            ranked.waiting_days,
            ranked.is_contactable,
            planned.work_date,
            slots.rep_id as proposed_rep_id,
            slots.rep_id is not null as is_within_capacity
        from ranked
        cross join planned
        left join
            slots on ranked.queue_position = slots.slot_number and ranked.is_contactable
    )

select *
from final
