{#
    Selected models that build upon what they hold and hold nothing yet, or are to forget it; an
    operation, which selects none, asks about all.
#}
{% macro made_anew(strategies=["affected_leads", "delete+insert", "append"]) -%}
    {%- set names = [] -%}
    {%- set is_ahead = flags.WHICH == "run-operation" -%}
    {%- for node in graph.nodes.values() if is_ahead or node.unique_id in selected_resources -%}
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
