{# Of this table of staging what a row had when it landed, without what validation added. #}
{% macro staged_columns() -%}
    {%- set added = [
        "version_rank",
        "is_in_force",
        "is_current",
        "quarantine_reason",
        "row_state",
        "effective_at",
        "next_episode_at",
        "refresh_number",
    ] -%}
    {{
        return(
            adapter.get_columns_in_relation(this)
            | map(attribute="name")
            | reject("in", added)
            | list
        )
    }}
{%- endmacro %}
