{% macro tests_all() -%}
    {{ return(this_refresh().is_full or var("test_all", false)) }}
{%- endmacro %}
