{% set resolved = [
    "lead_attributes",
    "intent_signals",
    "consents",
    "dispositions",
    "qualification_answers",
    "opportunities",
    "experiment_assignments",
] %}
with
    activities as (select * from {{ ref("stg_raw__activities") }}),

    affected as (select * from {{ ref("int_leads_affected") }}),

    final as (
        select
            'activities' as table_name,
            activities.lead_id,
            activities.activity_id as record_key,
            'unknown_lead' as reason,
            activities._loaded_at as loaded_at
        from activities
        inner join affected on activities.lead_id = affected.lead_id
        where activities.row_state = 'staged' and affected.survivor_lead_id is null
        {% for table_name in resolved %}
            union all
            select
                '{{ table_name }}' as table_name,
                resolved.lead_id,
                resolved.record_key,
                resolved.resolved_reason as reason,
                resolved._loaded_at as loaded_at
            from {{ ref("int_" ~ table_name ~ "_resolved") }} as resolved
            inner join affected on resolved.lead_id = affected.lead_id
            where
                resolved.row_state = 'staged'
                and resolved.resolved_state = 'quarantined'
        {% endfor %}
    )

select *
from final
