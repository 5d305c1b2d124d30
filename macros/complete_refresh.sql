{% macro complete_refresh(number, is_tested) -%}
    {%- set refreshes = relation_named("ops", "refreshes") %}
    update {{ refreshes }}
    set
        is_complete = true,
        is_tested = {{ is_tested }}
    where refresh_number = {{ number }}
    ;
    delete from {{ refreshes }}
    where refresh_number < {{ number }} - 1000
    ;
{%- endmacro %}
