with
    queued as (select * from {{ ref("int_mqls_queued") }}),

    -- Only clamps count no events.
    ledger as (
        select * from {{ ref("fct_score_ledger") }} where event_count is not null
    ),

    capacity as (select * from {{ ref("sdr_capacity") }}),

    days as (select * from {{ ref("dim_business_days") }}),

    contributions as (
        select
            ledger.lead_id,
            concat(
                replace(ledger.rule_id, '_', ' '),
                ' +',
                cast(cast(ledger.capped_points as decimal(9, 1)) as string)
            ) as contribution,
            row_number() over (
                partition by ledger.lead_id
                order by ledger.capped_points desc, ledger.rule_id asc
            ) as contribution_rank
        from ledger
        inner join queued on ledger.lead_id = queued.lead_id
        where ledger.capped_points > 0
    ),

    reasons as (
        select
            lead_id,
            concat_ws(
                ', ',
                max(case when contribution_rank = 1 then contribution end),
                max(case when contribution_rank = 2 then contribution end),
                max(case when contribution_rank = 3 then contribution end)
            ) as reasons
        from contributions
        group by lead_id
    ),

    -- Who may not be called comes last: such an MQL has to be closed, not worked.
    ranked as (
        select
            *,
            cast(
                row_number() over (
                    order by
                        case when is_contactable then 0 else 1 end asc,
                        case when is_hand_raise then 0 else 1 end asc,
                        label asc,
                        predicted_value desc nulls last,
                        mql_at asc,
                        lead_id asc
                ) as bigint
            ) as queue_position
        from queued
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
            ranked.*,
            reasons.reasons,
            coalesce(ranked.due_at < {{ as_of() }}, false) as is_overdue,
            planned.work_date,
            slots.rep_id as proposed_rep_id,
            slots.rep_id is not null as is_within_capacity
        from ranked
        cross join planned
        left join reasons on ranked.lead_id = reasons.lead_id
        left join
            slots on ranked.queue_position = slots.slot_number and ranked.is_contactable
    )

select *
from final
