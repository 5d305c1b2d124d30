{% macro write_refresh_event(row) -%}
    {%- call statement(auto_begin=true) -%}
        insert into {{ relation_named("ops", "refresh_events") }} {{ row }}
    {%- endcall -%}
    {#- dbt would roll back what a hook leaves open. -#}
    {%- do adapter.commit() -%}
{%- endmacro %}
