{% macro hash_of(expression) -%}
    {{ adapter.dispatch("hash_of")(expression) }}
{%- endmacro %}

{% macro duckdb__hash_of(expression) -%} hash({{ expression }}) {%- endmacro %}

{% macro spark__hash_of(expression) -%} xxhash64({{ expression }}) {%- endmacro %}
