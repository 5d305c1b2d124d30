with
    activities as (select * from {{ ref("stg_raw__activities") }}),

    affected as (select * from {{ ref("int_leads_affected") }}),

    signals as (select * from {{ ref("int_lead_signals") }}),

    rules as (select * from {{ ref("int_activity_rules_slotted") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    united as (
        select
            affected.survivor_lead_id as lead_id,
            activities.activity_type,
            activities.occurred_at,
            1.0 as strength
        from activities
        inner join affected on activities.lead_id = affected.lead_id
        where activities.row_state = 'staged'
        union all
        select lead_id, activity_type, occurred_at, strength
        from signals
    ),

    final as (
        select
            united.lead_id,
            united.occurred_at,
            rules.rule_id,
            rules.slot_number,
            rules.is_hand_raise,
            rules.is_direct_contact,
            rules.points * united.strength as points,
            rules.points
            * united.strength
            * {{
                growth(
                    "united.occurred_at", "leads.created_at", "rules.half_life_days"
                )
            }} as grown_points
        from united
        inner join leads on united.lead_id = leads.lead_id
        inner join
            rules
            on united.activity_type = rules.activity_type
            and united.occurred_at >= rules.valid_from
            and united.occurred_at < rules.valid_to
    )

select *
from final
