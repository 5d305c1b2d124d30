{% macro days_between(start_at, end_at) -%}
    {{ adapter.dispatch("days_between")(start_at, end_at) }}
{%- endmacro %}

{% macro duckdb__days_between(start_at, end_at) -%}
    ((epoch_us({{ end_at }}) - epoch_us({{ start_at }})) / 86400000000e0)
{%- endmacro %}

{% macro spark__days_between(start_at, end_at) -%}
    ((unix_micros({{ end_at }}) - unix_micros({{ start_at }})) / 86400000000e0)
{%- endmacro %}
