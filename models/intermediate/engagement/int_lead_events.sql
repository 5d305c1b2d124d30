with
    activities as (select * from {{ ref("int_activities_resolved") }}),

    signals as (select * from {{ ref("int_intent_signals_resolved") }}),

    rules as (select * from {{ ref("int_activity_rules_slotted") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    lead_versions as (select * from {{ ref("int_lead_versions") }}),

    signalled as (
        select
            signals.signal_id,
            signals.signal_type,
            signals.strength,
            signals.occurred_at,
            signals.survivor_lead_id as lead_id
        from signals
        where signals.resolved_state = 'staged' and signals.lead_id is not null
        union all
        select
            signals.signal_id,
            signals.signal_type,
            signals.strength,
            signals.occurred_at,
            lead_versions.lead_id
        from signals
        inner join
            lead_versions
            on signals.registered_domain = lead_versions.domain
            and signals.occurred_at >= lead_versions.valid_from
            and signals.occurred_at < lead_versions.valid_to
        where signals.resolved_state = 'staged' and signals.lead_id is null
    ),

    united as (
        select
            survivor_lead_id as lead_id,
            activity_id as event_id,
            rule_id,
            occurred_at,
            campaign_id,
            1.0 as strength
        from activities
        where resolved_state = 'staged' and rule_id is not null
        union all
        select
            signalled.lead_id,
            signalled.signal_id as event_id,
            rules.rule_id,
            signalled.occurred_at,
            null as campaign_id,
            coalesce(signalled.strength, 1.0) as strength
        from signalled
        inner join
            rules
            on concat('intent_', signalled.signal_type) = rules.activity_type
            and signalled.occurred_at >= rules.valid_from
            and signalled.occurred_at < rules.valid_to
    ),

    final as (
        select
            united.lead_id,
            united.event_id,
            united.rule_id,
            united.occurred_at,
            greatest(united.occurred_at, leads.created_at) as acts_at,
            united.campaign_id,
            rules.slot_number,
            rules.points * united.strength as points,
            rules.points
            * united.strength
            * {{
                growth(
                    "united.occurred_at", "leads.created_at", "rules.half_life_days"
                )
            }} as grown_points,
            rules.is_hand_raise,
            rules.is_direct_contact,
            rules.is_touch
        from united
        inner join leads on united.lead_id = leads.lead_id
        inner join rules on united.rule_id = rules.rule_id
    )

select *
from final
