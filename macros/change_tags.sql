{% macro change_tags(tables, change) -%}
    {%- for node in tables -%}
        {%- do run_query(
            "alter table " ~ node.schema ~ "." ~ node.alias ~ " " ~ change
        ) -%}
    {%- endfor -%}
{%- endmacro %}
