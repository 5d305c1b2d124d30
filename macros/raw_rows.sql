{% macro raw_rows(table_name) -%}
    {%- set relation = source("raw", table_name) -%}
    {%- set missing = [] -%}
    {%- set found = load_relation(relation) if execute else none -%}
    {%- if found is not none and found.is_table -%}
        {%- set present = (
            adapter.get_columns_in_relation(found)
            | map(attribute="name")
            | map("lower")
            | list
        ) -%}
        {%- for node in graph.sources.values() if node.unique_id.endswith(
            ".raw." ~ table_name
        ) -%}
            {%- for column in node.columns.values() if column.name not in present -%}
                {%- set fill = (
                    "_loaded_at" if column.name == "_landed_at" else "null"
                ) -%}
                {%- do missing.append(
                    "cast("
                    ~ fill
                    ~ " as "
                    ~ column.data_type
                    ~ ") as "
                    ~ column.name
                ) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if missing -%} (select *, {{ missing | join(", ") }} from {{ relation }})
    {%- else -%} {{ relation }}
    {%- endif -%}
{%- endmacro %}
