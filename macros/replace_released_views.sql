{# One after the other; each says by its release_id which release it shows. #}
{% macro replace_released_views(public, number) -%}
    {%- set catalog = run_query("select current_catalog()").columns[0].values()[0] -%}
    {%- for node in public -%}
        {%- set schema = generate_schema_name(
            "released_" ~ node.config.schema, none
        ) -%}
        {%- do run_query("create schema if not exists " ~ schema) -%}
        {%- call statement() -%}
            create or replace view {{ schema }}.{{ node.alias }}
            tblproperties ('release_id' = '{{ number }}') as
            {{ released_query(node, number, catalog) }}
        {%- endcall -%}
    {%- endfor -%}
{%- endmacro %}
