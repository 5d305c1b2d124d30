{% macro clamp(expression, minimum, maximum) -%}
    {#- A null bound is no bound; greatest and least ignore nulls on DuckDB and Spark. -#}
    greatest(least({{ expression }}, {{ maximum }}), {{ minimum }})
{%- endmacro %}
