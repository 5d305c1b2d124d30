{% macro applied_rate(currency, rate) -%}
    case
        when
            coalesce({{ currency }}, {{ reporting_currency() }})
            = {{ reporting_currency() }}
        then 1
        else {{ rate }}
    end
{%- endmacro %}
