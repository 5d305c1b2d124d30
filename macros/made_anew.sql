{# Selected models that build upon what they hold and hold nothing yet, or are to forget it. #}
{% macro made_anew(strategies=["affected_leads", "delete+insert", "append"]) -%}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values() if node.unique_id in selected_resources -%}
        {%- if node.config.incremental_strategy in strategies -%}
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
