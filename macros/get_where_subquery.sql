{# dbt's own, with which a test says in its config which rows it looks at; macros have a name there. #}
{% macro get_where_subquery(relation) -%}
    {%- set where = config.get("where") -%}
    {%- if not where -%} {{ return(relation) }} {%- endif -%}
    {%- if execute -%}
        {%- set where = where | replace("__tested_leads__", tested_leads()) -%}
    {%- endif -%}
    {{
        return(
            "(select * from " ~ relation ~ " where " ~ where ~ ") as dbt_subquery"
        )
    }}
{%- endmacro %}
