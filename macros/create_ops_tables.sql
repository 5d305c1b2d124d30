{% macro create_ops_tables() -%}
    {%- set refreshes = relation_named("ops", "refreshes") -%}
    {%- do run_query(
        "create schema if not exists " ~ refreshes.without_identifier()
    ) -%}
    {#- That of an earlier version, which knew less, is forgotten. -#}
    {%- set known = load_relation(refreshes) -%}
    {%- if known is not none -%}
        {%- set columns = (
            adapter.get_columns_in_relation(known)
            | map(attribute="name")
            | list
        ) -%}
        {%- if "is_tested" not in columns -%}
            {%- do run_query("drop table " ~ refreshes) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do run_query(
        "create table if not exists "
        ~ refreshes
        ~ " (refresh_number bigint, as_of timestamp, code_fingerprint string, policy_fingerprint string,"
        ~ " complete_number bigint, complete_as_of timestamp, is_full boolean, reason string, is_complete boolean,"
        ~ " is_tested boolean)"
    ) -%}
    {%- do run_query(
        "create or replace table "
        ~ relation_named("ops", "landings")
        ~ " as "
        ~ landings_read()
    ) -%}
    {%- do create_forecast_log() -%}
{%- endmacro %}
