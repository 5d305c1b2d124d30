{% set resolved = [
    "lead_attributes",
    "intent_signals",
    "consents",
    "dispositions",
    "qualification_answers",
    "experiment_assignments",
] %}
with
    activities as (select * from {{ ref("stg_raw__activities") }}),

    opportunities as (select * from {{ ref("int_opportunities_resolved") }}),

    affected as (select * from {{ ref("int_leads_affected") }}),

    final as (
        select
            'activities' as table_name,
            activities.lead_id,
            activities.activity_id as record_key,
            'unknown_lead' as reason,
            activities._loaded_at as loaded_at,
            cast(null as decimal(20, 2)) as held_back_amount
        from activities
        inner join affected on activities.lead_id = affected.lead_id
        where activities.row_state = 'staged' and affected.survivor_lead_id is null
        union all
        -- An older version may name another lead than the current one, or none.
        select
            'opportunities' as table_name,
            opportunities.key_lead_id as lead_id,
            opportunities.record_key,
            opportunities.resolved_reason as reason,
            opportunities._loaded_at as loaded_at,
            case
                when opportunities.is_current then opportunities.reporting_amount
            end as held_back_amount
        from opportunities
        inner join affected on opportunities.key_lead_id = affected.lead_id
        where
            opportunities.row_state = 'staged'
            and opportunities.resolved_state = 'quarantined'
        {% for table_name in resolved %}
            union all
            select
                '{{ table_name }}' as table_name,
                resolved.lead_id,
                resolved.record_key,
                resolved.resolved_reason as reason,
                resolved._loaded_at as loaded_at,
                null as held_back_amount
            from {{ ref("int_" ~ table_name ~ "_resolved") }} as resolved
            inner join affected on resolved.lead_id = affected.lead_id
            where
                resolved.row_state = 'staged'
                and resolved.resolved_state = 'quarantined'
        {% endfor %}
    )

select *
from final
