{% set staged_tables = [
    "lead_attributes",
    "intent_signals",
    "consents",
    "dispositions",
    "qualification_answers",
    "experiment_assignments",
] %}
with
    opportunities as (select * from {{ ref("int_opportunities_resolved") }}),

    activities as (select * from {{ ref("stg_raw__activities") }}),

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
        {% for table_name in staged_tables %}
            union all
            select
                '{{ table_name }}' as table_name,
                staged.lead_id,
                staged.record_key,
                'unknown_lead' as reason,
                staged._loaded_at as loaded_at,
                null as held_back_amount
            from {{ ref("stg_raw__" ~ table_name) }} as staged
            inner join affected on staged.lead_id = affected.lead_id
            where staged.row_state = 'staged' and affected.survivor_lead_id is null
        {% endfor %}
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
    )

select *
from final
