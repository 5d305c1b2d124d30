{# Per raw table: what may lie after as_of, in which case the row waits in quarantine. #}
{% macro moments_judged(table_name) -%}
    {%- set moments = {
        "activities": ["occurred_at"],
        "companies": ["version_at"],
        "consents": ["occurred_at"],
        "dispositions": ["occurred_at"],
        "exchange_rates": ["cast(rate_date as timestamp)"],
        "experiment_assignments": ["assigned_at"],
        "intent_signals": ["occurred_at"],
        "lead_attributes": ["captured_at"],
        "leads": ["version_at", "created_at"],
        "opportunities": ["version_at", "created_at"],
        "qualification_answers": ["assessed_at"],
        "spend": ["cast(spend_date as timestamp)"],
    } -%}
    {{ return(moments.get(table_name, [])) }}
{%- endmacro %}
