{% macro joined_text(expression) -%}
    {{ adapter.dispatch("joined_text")(expression) }}
{%- endmacro %}

{% macro duckdb__joined_text(expression) -%}
    string_agg({{ expression }}, ', ' order by {{ expression }})
{%- endmacro %}

{% macro spark__joined_text(expression) -%}
    nullif(concat_ws(', ', sort_array(collect_list({{ expression }}))), '')
{%- endmacro %}
