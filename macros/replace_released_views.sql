{# One after the other; each says by its release_id which release it shows. #}
{% macro replace_released_views(public, number) -%}
    {%- set catalog = run_query("select current_catalog()").columns[0].values()[0] -%}
    {%- for schema in public | map(attribute="schema") | unique -%}
        {%- do run_query("create schema if not exists " ~ released_schema(schema)) -%}
    {%- endfor -%}
    {%- for node in public -%}
        {%- call statement() -%}
            create or replace view {{ released_schema(node.schema) }}.{{ node.alias }}
            tblproperties ('release_id' = '{{ number }}') as
            {{ released_query(node, number, public, catalog) }}
        {%- endcall -%}
    {%- endfor -%}
{%- endmacro %}
