{% macro few_rows() -%}
    {%- if not this_refresh().is_full -%}
        {{ adapter.dispatch("few_rows")() }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__few_rows() -%} materialized {%- endmacro %}

{% macro default__few_rows() -%} {%- endmacro %}
