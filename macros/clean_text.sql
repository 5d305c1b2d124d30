{% macro clean_text(expression) -%}
    nullif(trim(cast({{ expression }} as string)), '')
{%- endmacro %}
