{% set tables = {
    "companies": ["stg_raw__companies", "row_state"],
    "company_technologies": [
        "int_company_technologies_resolved",
        "row_state",
    ],
    "lead_attributes": ["int_lead_attributes_resolved", "resolved_state"],
    "intent_signals": ["int_intent_signals_resolved", "resolved_state"],
    "consents": ["int_consents_resolved", "resolved_state"],
    "dispositions": ["int_dispositions_resolved", "resolved_state"],
    "qualification_answers": [
        "int_qualification_answers_resolved",
        "resolved_state",
    ],
    "opportunities": ["int_opportunities_resolved", "resolved_state"],
    "campaigns": ["stg_raw__campaigns", "row_state"],
    "spend": ["int_spend_converted", "resolved_state"],
    "exchange_rates": ["stg_raw__exchange_rates", "row_state"],
    "experiment_assignments": [
        "int_experiment_assignments_resolved",
        "resolved_state",
    ],
} %}
with
    lead_rows as (select * from {{ ref("int_leads_resolved") }}),

    events as (select * from {{ ref("int_lead_events") }}),

    final as (
        select 'leads' as table_name, resolved_state as row_state, count(*) as row_count
        from lead_rows
        group by resolved_state
        union all
        select 'activities' as table_name, row_state, count(*) as row_count
        from events
        where is_activity
        group by row_state
        {% for table_name, (model, state) in tables.items() %}
            union all
            select
                '{{ table_name }}' as table_name,
                {{ state }} as row_state,
                count(*) as row_count
            from {{ ref(model) }}
            group by {{ state }}
        {% endfor %}
    )

select *
from final
