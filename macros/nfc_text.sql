{% macro nfc_text(expression) -%}
    {{ adapter.dispatch("nfc_text")(expression) }}
{%- endmacro %}

{% macro duckdb__nfc_text(expression) -%}
    nfc_normalize({{ expression }})
{%- endmacro %}

{% macro spark__nfc_text(expression) -%}
    try_reflect('com.ibm.icu.text.Normalizer', 'compose', {{ expression }}, false)
{%- endmacro %}
