{# Before a run: what it builds upon, whether it has to build in full, and why. #}
{% macro plan_refresh() -%}
    {%- if execute and flags.WHICH in ("build", "run") -%}
        {%- set refreshes = ops_relation("refreshes") -%}
        {%- set landings = ops_relation("landings") -%}
        {%- do run_query(
            "create schema if not exists " ~ refreshes.without_identifier()
        ) -%}
        {%- do run_query(
            "create table if not exists "
            ~ refreshes
            ~ " (refresh_number bigint, as_of timestamp, code_fingerprint string, policy_fingerprint string,"
            ~ " complete_number bigint, complete_as_of timestamp, is_full boolean, reason string, is_complete boolean)"
        ) -%}
        {%- do run_query(
            "create or replace table " ~ landings ~ " as " ~ landings_read()
        ) -%}
        {%- set is_partial = not is_whole_project(selected_resources) -%}
        {%- do run_query(
            "insert into " ~ refreshes ~ " " ~ refresh_decided(refreshes, is_partial)
        ) -%}
        {%- set plan = refresh_plan() -%}
        {#- Kept for the models, which would else ask the database at every turn. -#}
        {%- do graph.update({"refresh_plan": plan, "landings": landings_planned()}) -%}
        {%- if plan.is_full -%}
            {%- do log("Full refresh: " ~ plan.reason, info=true) -%}
        {%- endif -%}
        {%- if is_partial -%} {%- do refuse_partial_leads() -%} {%- endif -%}
        {#- dbt rolls back what a run hook left open: the statements above opened a transaction. -#}
        {{ return("commit; begin;") }}
    {%- endif -%}
{%- endmacro %}
