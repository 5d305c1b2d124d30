{# Lead-level tables hold the leads of the last refresh; what is made anew from them must have all. #}
{% macro refuse_partial_leads() -%}
    {%- set affected = load_relation(
        api.Relation.create(
            database=target.database,
            schema=generate_schema_name("intermediate", none),
            identifier="int_leads_affected",
        )
    ) -%}
    {%- set made_anew = [] -%}
    {%- for node in graph.nodes.values() if node.unique_id in selected_resources -%}
        {%- if node.config.incremental_strategy == "affected_leads" -%}
            {%- set built = load_relation(
                api.Relation.create(
                    database=node.database,
                    schema=node.schema,
                    identifier=node.alias,
                )
            ) -%}
            {%- if flags.FULL_REFRESH or built is none or built.is_view -%}
                {%- do made_anew.append(node.name) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set is_planned_anew = (
        refresh_plan().is_full
        and "model.qualified_leads.int_leads_affected" in selected_resources
    ) -%}
    {%- if made_anew and affected is not none and not is_planned_anew -%}
        {%- set identities = affected.incorporate(
            path={"identifier": "int_lead_identities"}
        ) -%}
        {%- set missing = run_query(
            "select count(*) from "
            ~ identities
            ~ " where survivor_lead_id is not null and lead_id not in (select lead_id from "
            ~ affected
            ~ ")"
        ) -%}
        {%- if missing.columns[0].values()[0] > 0 -%}
            {%- do exceptions.raise_compiler_error(
                made_anew
                | join(", ")
                ~ " cannot be made anew from the leads of the last refresh alone; run dbt build --full-refresh"
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
