{# Lead-level tables hold the leads of the last refresh; what is made anew from them must have all. #}
{% macro refuse_partial_leads() -%}
    {%- set affected = load_relation(
        relation_named("intermediate", "int_leads_affected")
    ) -%}
    {%- set names = made_anew(["affected_leads"]) -%}
    {%- set is_planned_anew = (
        refresh_plan().is_full
        and "model.qualified_leads.int_leads_affected" in selected_resources
    ) -%}
    {%- if names and affected is not none and not is_planned_anew -%}
        {%- set missing = run_query(
            "select count(*) from "
            ~ relation_named("intermediate", "int_lead_identities")
            ~ " where survivor_lead_id is not null and lead_id not in (select lead_id from "
            ~ affected
            ~ ")"
        ) -%}
        {%- if missing.columns[0].values()[0] > 0 -%}
            {%- do exceptions.raise_compiler_error(
                names
                | join(", ")
                ~ " cannot be made anew from the leads of the last refresh alone; run dbt build --full-refresh"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
