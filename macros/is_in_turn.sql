{#
    A seventeenth of all, another one in each refresh that follows a complete one; else all.
    By a range of hashes: DuckDB takes no remainder below a union, as it might fail.
#}
{% macro is_in_turn(key) -%}
    {%- set plan = this_refresh() -%}
    {%- if are_all_tested() or plan.refresh_number != plan.complete_number + 1 -%} true
    {%- else -%}
        {%- set width = 2**64 // 17 -%}
        {%- set first = lowest_hash() + plan.refresh_number % 17 * width -%}
        {{ hash_of(key) }} between {{ first }} and {{ first + width }}
    {%- endif -%}
{%- endmacro %}
