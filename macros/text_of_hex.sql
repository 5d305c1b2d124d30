{% macro text_of_hex(digits) -%}
    {{ adapter.dispatch("text_of_hex")(digits) }}
{%- endmacro %}

{% macro duckdb__text_of_hex(digits) -%} decode(unhex('{{ digits }}')) {%- endmacro %}

{% macro spark__text_of_hex(digits) -%}
    decode(unhex('{{ digits }}'), 'UTF-8')
{%- endmacro %}
