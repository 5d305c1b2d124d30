{% set tables = {
    "companies": ["stg_raw__companies", "quarantine_reason", "row_state"],
    "company_technologies": [
        "int_company_technologies_resolved",
        "quarantine_reason",
        "row_state",
    ],
    "lead_attributes": [
        "int_lead_attributes_resolved",
        "resolved_reason",
        "resolved_state",
    ],
    "intent_signals": [
        "int_intent_signals_resolved",
        "resolved_reason",
        "resolved_state",
    ],
    "consents": [
        "int_consents_resolved",
        "resolved_reason",
        "resolved_state",
    ],
    "dispositions": [
        "int_dispositions_resolved",
        "resolved_reason",
        "resolved_state",
    ],
    "qualification_answers": [
        "int_qualification_answers_resolved",
        "resolved_reason",
        "resolved_state",
    ],
    "opportunities": [
        "int_opportunities_resolved",
        "resolved_reason",
        "resolved_state",
    ],
    "spend": ["int_spend_converted", "resolved_reason", "resolved_state"],
    "exchange_rates": [
        "stg_raw__exchange_rates",
        "quarantine_reason",
        "row_state",
    ],
    "experiment_assignments": [
        "int_experiment_assignments_resolved",
        "resolved_reason",
        "resolved_state",
    ],
} %}
with
    lead_rows as (select * from {{ ref("int_leads_resolved") }}),

    events as (select * from {{ ref("int_lead_events") }}),

    final as (
        select
            'leads' as table_name,
            record_key,
            resolved_reason as reason,
            _loaded_at as loaded_at
        from lead_rows
        where resolved_state = 'quarantined'
        union all
        select 'activities' as table_name, record_key, reason, loaded_at
        from events
        where row_state = 'quarantined'
        {% for table_name, (model, reason, state) in tables.items() %}
            union all
            select
                '{{ table_name }}' as table_name,
                record_key,
                {{ reason }} as reason,
                _loaded_at as loaded_at
            from {{ ref(model) }}
            where {{ state }} = 'quarantined'
        {% endfor %}
    )

select *
from final
