{% macro landed_since(table_name) -%}
    {%- if "landings" in graph -%} {%- set landings = graph["landings"] -%}
    {%- else -%} {%- set landings = landings_planned() -%}
    {%- endif -%}
    _landed_at > cast('{{ landings[table_name] }}' as timestamp)
{%- endmacro %}
