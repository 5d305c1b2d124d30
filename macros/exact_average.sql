{% macro exact_average(expression) -%}
    {#- A sum of doubles is another one for each order of the rows. -#}
    cast(sum(cast({{ expression }} as decimal(18, 12))) as double)
    / count({{ expression }})
{%- endmacro %}
