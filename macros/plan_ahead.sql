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
    {%- set refreshes = relation_named("ops", "refreshes") -%}
    {%- set is_next = (
        not plan.is_full and plan.refresh_number == plan.complete_number + 1
    ) -%}
    {%- set is_later = run_query(
        "select "
        ~ as_of()
        ~ " > cast('"
        ~ plan.complete_as_of
        ~ "' as timestamp)"
    ).rows[0][0] -%}
    {%- set changed = models_changed(is_later) if is_next else [] -%}
    {%- if is_next and not is_later and not changed -%}
        {%- do run_query(complete_refresh(plan.refresh_number)) -%}
    {%- endif -%}
    {%- do run_query("commit") -%}
    {%- do print(
        tojson(
            {
                "refresh_number": plan.refresh_number,
                "is_next": is_next,
                "is_later": is_later,
                "changed": changed,
            }
        )
    ) -%}
{%- endmacro %}
