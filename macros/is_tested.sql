{# Whether all tests that read a model of this run are in a list. #}
{% macro is_tested(resources) -%}
    {%- set left_out = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "test" -%}
        {%- set read = node.depends_on.nodes | select("in", graph.nodes) | list -%}
        {%- for name in read if graph.nodes[name].resource_type == "model" -%}
            {%- if node.unique_id not in resources and is_built(
                graph.nodes[name].name
            ) -%}
                {%- do left_out.append(node.unique_id) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(left_out | length == 0) }}
{%- endmacro %}
