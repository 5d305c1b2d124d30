{% macro clean_text(expression) -%}
    nullif({{ trimmed("cast(" ~ expression ~ " as string)") }}, '')
{%- endmacro %}
