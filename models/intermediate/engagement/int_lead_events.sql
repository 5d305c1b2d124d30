with
    activities as ({{ resolved_rows("stg_raw__activities") }}),

    signals as (select * from {{ ref("int_lead_signals") }}),

    rules as (select * from {{ ref("int_activity_rules_slotted") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    united as (
        select
            survivor_lead_id as lead_id,
            activity_type,
            occurred_at,
            1.0 as strength,
            resolved_state as row_state,
            resolved_reason as reason,
            case when resolved_state <> 'staged' then record_key end as record_key,
            case when resolved_state <> 'staged' then _loaded_at end as loaded_at,
            true as is_activity
        from activities
        union all
        select
            lead_id,
            activity_type,
            occurred_at,
            strength,
            'staged' as row_state,
            null as reason,
            null as record_key,
            null as loaded_at,
            false as is_activity
        from signals
    ),

    final as (
        select
            united.lead_id,
            united.occurred_at,
            rules.rule_id,
            rules.slot_number,
            rules.points * united.strength as points,
            rules.points
            * united.strength
            * {{
                growth(
                    "united.occurred_at", "leads.created_at", "rules.half_life_days"
                )
            }} as grown_points,
            coalesce(rules.is_hand_raise, false) as is_hand_raise,
            coalesce(rules.is_direct_contact, false) as is_direct_contact,
            united.row_state = 'staged' and rules.rule_id is not null as is_scored,
            united.is_activity,
            united.row_state,
            united.reason,
            united.record_key,
            united.loaded_at
        from united
        left join leads on united.lead_id = leads.lead_id
        left join
            rules
            on united.activity_type = rules.activity_type
            and united.occurred_at >= rules.valid_from
            and united.occurred_at < rules.valid_to
    )

select *
from final
