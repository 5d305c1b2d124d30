{% macro complete_refresh(number) -%}
    {%- set refreshes = relation_named("ops", "refreshes") %}
    update {{ refreshes }}
    set
        is_complete = true
    where refresh_number = {{ number }}
    ;
    delete from {{ refreshes }}
    where refresh_number < {{ number }} - 1000
    ;
{%- endmacro %}
