{# Whether a test looks at a lead: at those that this refresh has computed, or at all. #}
{% macro tested_leads() -%}
    {%- if this_refresh().is_full or var("test_all", false) -%} true
    {%- else -%}
        lead_id in (
            select affected.survivor_lead_id
            from {{ relation_named("delta", "int_leads_affected") }} as affected
            where {{ changed_since_last_refresh("affected") }}
        )
    {%- endif -%}
{%- endmacro %}
