with
    activities as (select * from {{ ref("stg_raw__activities") }}),

    affected as (select * from {{ ref("int_leads_affected") }}),

    signals as (select * from {{ ref("int_lead_signals") }}),

    rules as (select * from {{ ref("int_activity_rules_bucketed") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    -- The few leads are joined first, so that the many activities are looked up once.
    members as (
        select affected.lead_id as member_lead_id, leads.lead_id, leads.created_at
        from affected
        inner join leads on affected.survivor_lead_id = leads.lead_id
    ),

    united as (
        select
            members.lead_id,
            members.created_at,
            activities.activity_type,
            activities.occurred_at,
            1e0 as strength,
            true as is_activity
        from activities
        inner join members on activities.lead_id = members.member_lead_id
        where activities.row_state = 'staged'
        union all
        select
            leads.lead_id,
            leads.created_at,
            signals.activity_type,
            signals.occurred_at,
            signals.strength,
            false as is_activity
        from signals
        inner join leads on signals.lead_id = leads.lead_id
    ),

    final as (
        select
            united.lead_id,
            united.occurred_at,
            greatest(united.occurred_at, united.created_at) as acts_at,
            rules.rule_id,
            rules.bucket_number,
            rules.is_hand_raise,
            rules.is_direct_contact,
            united.is_activity and rules.is_touch as is_touch,
            rules.points * united.strength as points,
            rules.points
            * united.strength
            * {{
                decay_weight(
                    "united.occurred_at", "united.created_at", "rules.half_life_days"
                )
            }} as weighted_points
        from united
        inner join
            rules
            on united.activity_type = rules.activity_type
            and united.occurred_at >= rules.valid_from
            and united.occurred_at < rules.valid_to
    )

select *
from final
