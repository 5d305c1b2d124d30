{# Of this table of staging without what was judged: what a row of it had when it landed. #}
{% macro staged_columns() -%}
    {%- set judged = [
        "version_rank",
        "is_in_force",
        "is_current",
        "quarantine_reason",
        "row_state",
        "refresh_number",
    ] -%}
    {{
        return(
            adapter.get_columns_in_relation(this)
            | map(attribute="name")
            | reject("in", judged)
            | list
        )
    }}
{%- endmacro %}
