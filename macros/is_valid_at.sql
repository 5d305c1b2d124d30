{% macro is_valid_at(moment_at) -%}
    coalesce(valid_from, {{ beginning_of_time() }}) <= {{ moment_at }}
    and coalesce(valid_to, {{ end_of_time() }}) > {{ moment_at }}
{%- endmacro %}
