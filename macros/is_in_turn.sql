{# Every sixteenth, another one in each refresh; all where all is built. #}
{% macro is_in_turn(key) -%}
    {%- if should_full_refresh() -%} true
    {%- else -%} {{ hash_of(key) }} % 16 = {{ refresh_plan().refresh_number % 16 }}
    {%- endif -%}
{%- endmacro %}
