{# Runs from the last complete one on, or all, in order. #}
{% macro runs_since_complete(as_of) -%}
    {%- set refreshes = relation_named("ops", "refreshes") -%}
    {%- set runs = [] -%}
    {%- for row in run_query(
        "select refresh_number, cast(as_of as string), code_fingerprint,"
        ~ " policy_fingerprint, is_full, is_complete, as_of > cast('"
        ~ as_of
        ~ "' as timestamp) from "
        ~ refreshes
        ~ " where refresh_number >= coalesce((select max(refresh_number) from "
        ~ refreshes
        ~ " where is_complete), 0) order by refresh_number"
    ).rows -%}
        {%- do runs.append(
            {
                "number": row[0] | int,
                "as_of": row[1],
                "code": row[2],
                "policy": row[3],
                "is_full": row[4],
                "is_complete": row[5],
                "is_later": row[6],
            }
        ) -%}
    {%- endfor -%}
    {{ return(runs) }}
{%- endmacro %}
