{% macro explode_text(expression) -%}
    {{ adapter.dispatch("explode_text")(expression) }}
{%- endmacro %}

{% macro duckdb__explode_text(expression) -%}
    unnest(string_split({{ expression }}, '|'))
{%- endmacro %}

{% macro spark__explode_text(expression) -%}
    explode(split({{ expression }}, '[|]'))
{%- endmacro %}
