{# Before a run: what it builds upon, whether it has to build in full, and why. #}
{% macro plan_refresh() -%}
    {%- if execute and flags.WHICH in ("build", "run", "seed") -%}
        {%- set is_partial = not is_whole_project(selected_resources) -%}
        {%- set refreshes = relation_named("ops", "refreshes") -%}
        {%- do create_ops_tables() -%}
        {%- do run_query(
            "insert into "
            ~ refreshes
            ~ " "
            ~ refresh_decided(refreshes, is_partial)
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
