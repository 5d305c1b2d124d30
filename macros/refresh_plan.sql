{# The row of ops.refreshes that the running command, or else the last one, has written. #}
{% macro refresh_plan() -%}
    {%- if "refresh_plan" in graph -%} {{ return(graph["refresh_plan"]) }} {%- endif -%}
    {%- set plan = {
        "refresh_number": 0,
        "complete_number": -1,
        "complete_as_of": "0001-01-01 00:00:00",
        "is_full": true,
        "reason": none,
    } -%}
    {%- set refreshes = relation_named("ops", "refreshes") -%}
    {%- if execute and load_relation(refreshes) is not none -%}
        {%- for row in run_query(
            "select refresh_number, complete_number, cast(complete_as_of as string), is_full, reason from "
            ~ refreshes
            ~ " order by refresh_number desc limit 1"
        ).rows -%}
            {%- do plan.update(
                {
                    "refresh_number": row[0] | int,
                    "complete_number": row[1] | int,
                    "complete_as_of": row[2],
                    "is_full": row[3],
                    "reason": row[4],
                }
            ) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(plan) }}
{%- endmacro %}
