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
    {%- if flags.WHICH != "build" -%} {{ return("") }} {%- endif -%}
    {%- set last = run_query(
        "select refresh_number, is_complete and is_tested and not is_released from "
        ~ refreshes
        ~ " order by refresh_number desc limit 1"
    ).rows -%}
    {%- if not last or not last[0][1] -%} {{ return("") }} {%- endif -%}
    {%- set models = graph.nodes.values() | selectattr(
        "resource_type", "equalto", "model"
    ) -%}
    {%- set public = (
        models
        | selectattr("config.schema", "in", ["marts", "reports"])
        | list
    ) -%}
    {%- set tables = (
        public | rejectattr("config.materialized", "equalto", "view") | list
    ) -%}
    {%- set number = last[0][0] | int -%}
    {%- do change_tags(tables, "create or replace tag release_" ~ number) -%}
    {#- Before the views, so that these tags are dropped later even where a view fails. -#}
    {%- do write_refresh_event(
        "select "
        ~ number
        ~ ", 'released', null, null, null, null, null, null, null, null"
    ) -%}
    {%- do replace_released_views(public, number) -%}
    {%- set released = run_query(
        "select refresh_number from "
        ~ refreshes
        ~ " where is_released order by refresh_number desc limit 6"
    ).rows -%}
    {%- for former in (released | list)[3:] -%}
        {%- do change_tags(tables, "drop tag if exists release_" ~ former[0]) -%}
    {%- endfor -%}
{%- endmacro %}
