{# Per raw table that is staged: up to where, and whether the rows up to there are as they were. #}
{% macro landings_read() -%}
    {%- set selects = [
        "select 'none' as table_name, cast(null as timestamp) as landed_after,"
        ~ " 0 as landed_count, true as is_continued, cast(null as string) as fingerprint",
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
