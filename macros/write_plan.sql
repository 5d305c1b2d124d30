{% macro write_plan(is_partial) -%}
    {%- set refreshes = relation_named("ops", "refreshes") -%}
    {%- do create_ops_tables() -%}
    {%- do run_query(
        "insert into "
        ~ refreshes
        ~ " "
        ~ refresh_decided(refreshes, is_partial)
    ) -%}
{%- endmacro %}
