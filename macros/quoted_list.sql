{% macro quoted_list(names) -%}
    {%- for name in names -%} '{{ name }}'{{ ", " if not loop.last }} {%- endfor -%}
{%- endmacro %}
