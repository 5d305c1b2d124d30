{% macro is_touched(alias) -%}
    {{ alias }}.refresh_number > {{ refresh_plan().complete_number }}
{%- endmacro %}
