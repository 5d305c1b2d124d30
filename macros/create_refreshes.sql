{% macro create_refreshes() -%}
    {%- set events = relation_named("ops", "refresh_events") -%}
    {%- set refreshes = relation_named("ops", "refreshes") -%}
    {%- do run_query(
        "create schema if not exists " ~ generate_schema_name("ops", none)
    ) -%}
    {%- do run_query(
        "create table if not exists "
        ~ events
        ~ " (refresh_number bigint, event string, as_of timestamp, code_fingerprint string,"
        ~ " policy_fingerprint string, complete_number bigint, complete_as_of timestamp,"
        ~ " is_full boolean, reason string, is_tested boolean)"
    ) -%}
    {%- do run_query(
        "create or replace view "
        ~ refreshes
        ~ " as select refresh_number, max(as_of) as as_of,"
        ~ " max(code_fingerprint) as code_fingerprint,"
        ~ " max(policy_fingerprint) as policy_fingerprint,"
        ~ " max(complete_number) as complete_number, max(complete_as_of) as complete_as_of,"
        ~ " max(is_full) as is_full, max(reason) as reason,"
        ~ " max(event = 'complete') as is_complete, max(is_tested) as is_tested,"
        ~ " max(event = 'released') as is_released from "
        ~ events
        ~ " group by refresh_number"
    ) -%}
    {#- dbt has looked for it before. -#}
    {%- do adapter.cache_added(refreshes) -%}
{%- endmacro %}
