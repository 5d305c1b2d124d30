{% macro is_whole_project(resources, resource_types=["model"]) -%}
    {%- set left_out = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in resource_types -%}
        {%- if node.unique_id not in resources -%}
            {%- do left_out.append(node.unique_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(left_out | length == 0) }}
{%- endmacro %}
