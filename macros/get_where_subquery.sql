{#
    dbt's own, with which a test says in its config which rows it looks at. No macro can be called
    there, so two have a name: __tested_leads__, and __if_all_are_tested__ for what multiplies tables
    with tested keys.
#}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get("where") -%}
    {%- if not where -%} {{ return(relation) }} {%- endif -%}
    {%- if execute -%}
        {%- set where = where | replace("__tested_leads__", tested_leads()) -%}
        {%- set where = where | replace(
            "__if_all_are_tested__",
            (this_refresh().is_full or var("test_all", false)) | lower,
        ) -%}
    {%- endif -%}
    {{
        return(
            "(select * from " ~ relation ~ " where " ~ where ~ ") as dbt_subquery"
        )
    }}
{%- endmacro %}
