{# Names of models whose own input, the lake or the clock, has changed since the last complete run. #}
{% macro models_changed(is_later) -%}
    {%- set questions = [
        "select 'stg_raw__' || table_name as name from "
        ~ relation_named("ops", "landings")
        ~ " where landed_count > 0",
    ] -%}
    {%- if is_later -%}
        {%- for name, question in became_due_in().items() -%}
            {%- do questions.append(
                "select '" ~ name | trim ~ "' where exists (" ~ question ~ ")"
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- set found = run_query(questions | join(" union ")) -%}
    {%- set changed = found.columns[0].values() | list -%}
    {%- for node in graph.nodes.values() if node.resource_type == "model" -%}
        {%- if load_relation(relation_named(node.config.schema, node.alias)) is none -%}
            {%- do changed.append(node.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(changed | sort) }}
{%- endmacro %}
