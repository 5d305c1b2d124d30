{# The row of ops.refreshes of the running command, or else of the last one. #}
{% macro this_refresh() -%}
    {%- set refreshes = relation_named("ops", "refreshes") -%}
    {%- if execute and load_relation(refreshes) is not none -%}
        {%- for row in run_query(
            "select refresh_number, complete_number, cast(complete_as_of as string), is_full from "
            ~ refreshes
            ~ " order by refresh_number desc limit 1"
        ).rows -%}
            {{
                return(
                    {
                        "refresh_number": row[0] | int,
                        "complete_number": row[1] | int,
                        "complete_as_of": row[2],
                        "is_full": row[3],
                    }
                )
            }}
        {%- endfor -%}
    {%- endif -%}
    {{
        return(
            {
                "refresh_number": 0,
                "complete_number": -1,
                "complete_as_of": "0001-01-01 00:00:00",
                "is_full": true,
            }
        )
    }}
{%- endmacro %}
