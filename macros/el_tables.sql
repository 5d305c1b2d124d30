{#
    Tables of the raw contract that an EL tool put into the work file. The plugin in profiles.yml finds
    and checks them, scripts/qualified_leads/lake/el_tables.py.
#}
{% macro el_tables() -%} {{ return(adapter.dispatch("el_tables")()) }} {%- endmacro %}

{% macro default__el_tables() -%} {{ return([]) }} {%- endmacro %}

{% macro duckdb__el_tables() -%}
    {%- set known = "unnest(getvariable('el_tables'))" -%}
    {%- if not has_plugin() -%}
        {%- set known = (
            "table_name from information_schema.tables where table_type = 'BASE TABLE'"
            ~ " and table_schema = '"
            ~ var("raw_schema", "raw")
            ~ "'"
        ) -%}
    {%- endif -%}
    {{ return(run_query("select " ~ known).columns[0].values() | list) }}
{%- endmacro %}
