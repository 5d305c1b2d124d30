{% macro landings_planned() -%}
    {%- set landings = {} -%}
    {%- for row in run_query(
        "select table_name, cast(landed_after as string) from "
        ~ relation_named("ops", "landings")
    ).rows -%}
        {%- do landings.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {{ return(landings) }}
{%- endmacro %}
