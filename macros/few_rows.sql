{% macro few_rows() -%}
    {%- if not should_full_refresh() -%}
        {{ adapter.dispatch("few_rows")() }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__few_rows() -%} materialized {%- endmacro %}

{% macro default__few_rows() -%} {%- endmacro %}
