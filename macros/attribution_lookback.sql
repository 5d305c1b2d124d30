{% macro attribution_lookback() -%}
    interval '{{ var("attribution_lookback_days") | int }}' day
{%- endmacro %}
