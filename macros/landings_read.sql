{# Per raw table: the latest landing that staging has, and whether it has all rows up to it. #}
{% macro landings_read() -%}
    {%- set selects = [
        "select 'none' as table_name, cast(null as timestamp) as landed_after, true as is_continued",
    ] -%}
    {%- for node in graph.sources.values() if node.source_name == "raw" -%}
        {%- set staged = load_relation(
            relation_named("staging", "stg_raw__" ~ node.name)
        ) -%}
        {%- if staged is not none and staged.is_table -%}
            {%- do selects.append(landing_read(node.name, staged)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(selects | join(" union all ")) }}
{%- endmacro %}
