{% macro is_whole_project(resources) -%}
    {%- set left_out = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "model" -%}
        {%- if node.unique_id not in resources and is_built(node.name) -%}
            {%- do left_out.append(node.unique_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(left_out | length == 0) }}
{%- endmacro %}
