{% macro create_ops_tables() -%}
    {%- set refreshes = relation_named("ops", "refreshes") -%}
    {%- do run_query(
        "create schema if not exists " ~ refreshes.without_identifier()
    ) -%}
    {%- do run_query(
        "create table if not exists "
        ~ refreshes
        ~ " (refresh_number bigint, as_of timestamp, code_fingerprint string, policy_fingerprint string,"
        ~ " complete_number bigint, complete_as_of timestamp, is_full boolean, reason string,"
        ~ " is_complete boolean, is_tested boolean)"
    ) -%}
    {#- One of an earlier version says of no run that it was tested. -#}
    {%- set columns = adapter.get_columns_in_relation(refreshes) -%}
    {%- if "is_tested" not in columns | map(attribute="name") | list -%}
        {%- do run_query(
            "alter table " ~ refreshes ~ " add column is_tested boolean"
        ) -%}
    {%- endif -%}
    {%- do run_query(
        "create or replace table "
        ~ relation_named("ops", "landings")
        ~ " as "
        ~ landings_read()
    ) -%}
    {%- do create_forecast_log() -%}
{%- endmacro %}
