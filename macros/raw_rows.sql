{% macro raw_rows(table_name) -%}
    {%- set relation = source("raw", table_name) -%}
    {%- if not execute or (has_plugin() and table_name not in el_tables()) -%}
        {{ relation }}
    {%- else -%}
        {%- set found = load_relation(relation) -%}
        {%- set present = [] -%}
        {%- if found is not none -%}
            {%- for column in adapter.get_columns_in_relation(found) -%}
                {%- do present.append(column.name | lower) -%}
            {%- endfor -%}
        {%- endif -%}
        {%- set columns = [] -%}
        {%- for column in graph.sources[
            "source.qualified_leads.raw." ~ table_name
        ].columns.values() -%}
            {%- set fill = (
                "_loaded_at"
                if column.name == "_landed_at" and found is not none
                else "null"
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
        (
            select
                {{ columns | join(", ") }}
                {{ "from " ~ relation if found is not none else "where false" }}
        )
    {%- endif -%}
{%- endmacro %}
