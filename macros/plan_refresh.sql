{#
    Before a run: what it builds upon, whether it has to build in full, and why. As an operation, the
    plan of a run of the whole project that follows with the var planned_refresh.
#}
{% macro plan_refresh() -%}
    {%- if execute and flags.WHICH in ("build", "run", "seed", "run-operation") -%}
        {%- set is_ahead = flags.WHICH == "run-operation" -%}
        {%- set is_partial = not is_ahead and not is_whole_project(
            selected_resources
        ) -%}
        {%- if var("planned_refresh", none) is none -%}
            {%- do write_plan(is_partial) -%}
        {%- elif refresh_plan().refresh_number != var("planned_refresh") -%}
            {%- do exceptions.raise_compiler_error(
                "refresh "
                ~ var("planned_refresh")
                ~ " is not the last one planned"
            ) -%}
        {%- endif -%}
        {%- set plan = refresh_plan() -%}
        {#- Kept for the models, which would else ask the database at every turn. -#}
        {%- do graph.update({"refresh_plan": plan, "landings": landings_planned()}) -%}
        {%- if plan.is_full and not is_ahead -%}
            {%- do log("Full refresh: " ~ plan.reason, info=true) -%}
        {%- endif -%}
        {%- if is_partial -%} {%- do refuse_partial_leads() -%} {%- endif -%}
        {#- dbt rolls back what a run hook left open: writing the plan opened a transaction. -#}
        {%- if not var("planned_refresh", none) -%}
            {{ return("commit; begin;") }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
