{# dbt's own switch, thrown also where the plan says so: one way to build in full, not two. #}
{% macro should_full_refresh() -%}
    {{ return(flags.FULL_REFRESH or refresh_plan().is_full) }}
{%- endmacro %}
