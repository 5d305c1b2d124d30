{% macro reporting_currency() -%}
    {{ "'" ~ (var("reporting_currency") | upper | replace("'", "")) ~ "'" }}
{%- endmacro %}
