{#
    A table of all leads can't be rebuilt from tables of the last refresh's leads: refusal() of
    refresh/decision.py.
#}
{% macro refuse_a_part(request, chosen, reason) -%}
    {%- set affected = load_relation(relation_named("delta", "int_leads_affected")) -%}
    {%- set identities = load_relation(
        relation_named("intermediate", "int_lead_identities")
    ) -%}
    {%- set rebuilt = [] -%}
    {%- for model in chosen if model.name in request.kept -%}
        {%- if request.is_asked_for or not built_relation(model) -%}
            {%- do rebuilt.append(model.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set has_all = request.is_whole or (reason and request.has_affected) -%}
    {%- if rebuilt and affected and identities and not has_all -%}
        {%- set missing = run_query(
            "select count(*) from "
            ~ identities
            ~ " where survivor_lead_id is not null and lead_id not in (select lead_id from "
            ~ affected
            ~ ")"
        ) -%}
        {%- if missing.columns[0].values()[0] > 0 -%}
            {%- do exceptions.raise_compiler_error(
                rebuilt
                | join(", ")
                ~ " cannot be rebuilt from the leads of the last refresh alone;"
                ~ " run dbt build --full-refresh"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
