{% macro raw_rows(table_name) -%}
    {%- set relation = source("raw", table_name) -%}
    {%- set found = load_relation(relation) if execute else none -%}
    {%- if found is not none and table_name in el_tables() -%}
        {%- set present = (
            adapter.get_columns_in_relation(found)
            | map(attribute="name")
            | map("lower")
            | list
        ) -%}
        {%- set columns = [] -%}
        {%- for node in graph.sources.values() if node.unique_id.endswith(
            ".raw." ~ table_name
        ) -%}
            {%- for column in node.columns.values() -%}
                {%- set fill = (
                    "_loaded_at" if column.name == "_landed_at" else "null"
                ) -%}
                {%- set value = column.name if column.name in present else fill -%}
                {%- do columns.append(
                    "cast("
                    ~ value
                    ~ " as "
                    ~ column.data_type
                    ~ ") as "
                    ~ column.name
                ) -%}
            {%- endfor -%}
        {%- endfor -%}
        (select {{ columns | join(", ") }} from {{ relation }})
    {%- else -%} {{ relation }}
    {%- endif -%}
{%- endmacro %}
