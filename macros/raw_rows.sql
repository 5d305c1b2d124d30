{% macro raw_rows(table_name, source_name="raw") -%}
    {%- set relation = source(source_name, table_name) -%}
    {#- A unit test has no graph. -#}
    {%- set is_read = execute and graph.sources is defined -%}
    {%- if not is_read or (has_plugin() and table_name not in el_tables()) -%}
        {{ relation }}
    {%- else -%}
        {#- Not load_relation, which finds no views on Spark. -#}
        {%- set built = adapter.get_columns_in_relation(relation) -%}
        {%- set present = built | map(attribute="name") | map("lower") | list -%}
        {%- set id = "source.qualified_leads." ~ source_name ~ "." ~ table_name -%}
        (
            select
                {%- for column in graph.sources[id].columns.values() %}
                    cast(
                        {{ raw_column(relation, column, present) }}
                        as {{ column.data_type }}
                    ) as {{ column.name }}
                    {{- "," if not loop.last }}
                {%- endfor %}
                {{ "from " ~ relation if present else "where false" }}
        )
    {%- endif -%}
{%- endmacro %}
