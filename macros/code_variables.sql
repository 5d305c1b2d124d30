{# Values of the variables that change what models compute, apart from as_of. #}
{% macro code_variables() -%}
    {%- set names = [
        "reporting_currency",
        "maturity_days",
        "attribution_lookback_days",
        "allow_protected_attributes",
        "macros_hash",
    ] -%}
    {%- set found = {} -%}
    {%- for name in names -%}
        {%- do found.update({name: var(name, none)}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
