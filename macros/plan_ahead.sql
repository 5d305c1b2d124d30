{#
    An operation: plans the next run and prints as JSON its number, whether it builds upon the last
    one, whether its as_of is later, and which models differ from what the last one made of them.
#}
{% macro plan_ahead() -%}
    {%- call statement("raw_views", auto_begin=true) -%}
        {{ create_raw_views() }}
    {%- endcall -%}
    {%- do plan_refresh() -%}
    {%- set plan = refresh_plan() -%}
    {%- set compared = run_query(
        "select max(case when is_tested then refresh_number end), "
        ~ as_of()
        ~ " > cast('"
        ~ plan.complete_as_of
        ~ "' as timestamp) from "
        ~ relation_named("ops", "refreshes")
    ).rows[0] -%}
    {%- set is_next = (
        not plan.is_full
        and plan.complete_number == plan.refresh_number - 1
        and plan.complete_number == compared[0]
    ) -%}
    {%- set changed = models_changed(compared[1]) if is_next else [] -%}
    {%- if is_next and not compared[1] and not changed -%}
        {%- do run_query(complete_refresh(plan.refresh_number, true)) -%}
    {%- endif -%}
    {%- do run_query("commit") -%}
    {%- set found = {
        "refresh_number": plan.refresh_number,
        "is_next": is_next,
        "is_later": compared[1],
        "changed": changed,
    } -%}
    {%- do print(tojson(found)) -%}
{%- endmacro %}
