{# Whether tests look at what stands already, too: where all is built, or a test has changed. #}
{% macro are_all_tested() -%}
    {{ return(this_refresh().is_full or var("test_all", false)) }}
{%- endmacro %}
