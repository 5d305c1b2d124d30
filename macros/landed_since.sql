{% macro landed_since(table_name) -%}
    {%- set landing = run_query(
        "select cast(landed_after as string) from "
        ~ relation_named("ops", "landings")
        ~ " where table_name = '"
        ~ table_name
        ~ "'"
    ) -%}
    _landed_at > cast('{{ landing.columns[0].values()[0] }}' as timestamp)
{%- endmacro %}
