{# Selected models that keep all leads and are about to be built from the affected ones alone. #}
{% macro made_anew() -%}
    {%- set names = [] -%}
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
                {%- do names.append(node.name) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
