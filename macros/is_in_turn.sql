{# Every seventeenth, another one in each refresh that follows a complete one; else all. #}
{% macro is_in_turn(key) -%}
    {%- set plan = refresh_plan() -%}
    {%- if are_all_tested() or plan.refresh_number != plan.complete_number + 1 -%} true
    {%- else -%} {{ hash_of(key) }} % 17 = {{ plan.refresh_number % 17 }}
    {%- endif -%}
{%- endmacro %}
