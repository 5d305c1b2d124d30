{# The leads of the run before, where that was not completed; a union for the leads of this one. #}
{% macro affected_before() -%}
    {%- set plan = this_refresh() -%}
    {%- if not plan.is_full and plan.refresh_number - 1 > plan.complete_number -%}
        union
        select lead_id
        from {{ this }}
    {%- endif -%}
{%- endmacro %}
