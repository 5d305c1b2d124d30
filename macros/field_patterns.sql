{#
    By table and field, in hex: so a pattern is a constant, compiled once, and can run no code.
    One use; a macro, so that a unit test can say the patterns.
#}
{% macro field_patterns() -%}
    {%- set patterns = {} -%}
    {%- set checks = ref("field_checks") -%}
    {%- if execute and load_relation(checks) is not none -%}
        {%- for row in run_query(
            "select lower(trim(table_name)), lower(trim(field_name)), hex(pattern) from "
            ~ checks
            ~ " where pattern is not null"
        ).rows -%}
            {%- do patterns.update({row[0] ~ "." ~ row[1]: row[2]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(patterns) }}
{%- endmacro %}
