{% macro nfc_text(expression) -%}
    {{ adapter.dispatch("nfc_text")(expression) }}
{%- endmacro %}

{% macro duckdb__nfc_text(expression) -%}
    nfc_normalize({{ expression }})
{%- endmacro %}
