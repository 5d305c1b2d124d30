{# What readers see after a whole build whose tests passed; on DuckDB refresh.py publishes files. #}
{% macro publish_release() -%}
    {{ return(adapter.dispatch("publish_release")()) }}
{%- endmacro %}

{% macro default__publish_release() -%} {{ return("") }} {%- endmacro %}

{#
    A tag of each public table keeps its snapshot; then views of the tags are replaced, one after the other.
    Tags of the last three releases stay.
#}
{% macro spark__publish_release() -%}
    {%- set refreshes = relation_named("ops", "refreshes") -%}
    {%- set last = (
        run_query(
            "select refresh_number, is_complete and is_tested from "
            ~ refreshes
            ~ " order by refresh_number desc limit 1"
        ).rows
        if flags.WHICH == "build"
        else []
    ) -%}
    {%- if not last or not last[0][1] -%} {{ return("") }} {%- endif -%}
    {%- set number = last[0][0] | int -%}
    {%- set tag = "release_" ~ number -%}
    {%- set catalog = run_query("select current_catalog()").columns[0].values()[0] -%}
    {%- set public = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "model" -%}
        {%- do public.append(node) if node.config.schema in ("marts", "reports") -%}
    {%- endfor -%}
    {%- set tables = (
        public | rejectattr("config.materialized", "equalto", "view") | list
    ) -%}
    {%- set old = (
        run_query(
            "select refresh_number from "
            ~ refreshes
            ~ " where is_released order by refresh_number desc limit 6"
        )
        .columns[0]
        .values()[2:]
    ) -%}
    {%- for node in tables -%}
        {%- set table = node.schema ~ "." ~ node.alias -%}
        {%- do run_query("alter table " ~ table ~ " create or replace tag " ~ tag) -%}
    {%- endfor -%}
    {%- do write_refresh_event(
        "select "
        ~ number
        ~ ", 'released', null, null, null, null, null, null, null, null"
    ) -%}
    {%- for schema in public | map(attribute="schema") | unique -%}
        {%- do run_query("create schema if not exists " ~ released_schema(schema)) -%}
    {%- endfor -%}
    {%- for node in public -%}
        {%- do run_query(
            "create or replace view "
            ~ released_schema(node.schema)
            ~ "."
            ~ node.alias
            ~ " tblproperties ('release_id' = '"
            ~ number
            ~ "') as "
            ~ released_query(node, tag, public, catalog)
        ) -%}
    {%- endfor -%}
    {%- for node in tables -%}
        {%- for former in old -%}
            {%- do run_query(
                "alter table "
                ~ node.schema
                ~ "."
                ~ node.alias
                ~ " drop tag if exists release_"
                ~ former
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
