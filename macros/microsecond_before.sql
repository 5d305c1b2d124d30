{% macro microsecond_before(moment_at) -%}
    ({{ moment_at }} - interval '1' microsecond)
{%- endmacro %}
