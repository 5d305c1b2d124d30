{# Whether tests look at what stands already, too: where all is built, or a test has changed. #}
{% macro are_all_tested() -%}
    {{ return(should_full_refresh() or var("test_all", false)) }}
{%- endmacro %}
