{% macro raw_rows(table_name, source_name="raw") -%}
    {%- set relation = source(source_name, table_name) -%}
    {#- A unit test has no graph. -#}
    {%- if not execute or graph.sources is not defined or (
        (has_plugin() or (target.name == "fusion" and source_name == "raw"))
        and table_name not in el_tables()
    ) -%}
        {{ relation }}
    {%- else -%}
        {#- Not load_relation, which finds no views on Spark. -#}
        {%- set built = adapter.get_columns_in_relation(relation) -%}
        {%- set present = built | map(attribute="name") | map("lower") | list -%}
        {%- set found = present != [] -%}
        {%- set source_id = [
            "source.qualified_leads",
            source_name,
            table_name,
        ] | join(".") -%}
        {%- set columns = [] -%}
        {%- for column in graph.sources[source_id].columns.values() -%}
            {%- set is_needed = (
                column.meta.is_required or column.name == "_loaded_at"
            ) -%}
            {%- if found and is_needed and column.name not in present -%}
                {%- do exceptions.raise_compiler_error(
                    relation ~ " lacks the required column " ~ column.name
                ) -%}
            {%- endif -%}
            {%- set is_stamp = found and column.name == "_landed_at" -%}
            {%- set fill = "_loaded_at" if is_stamp else "null" -%}
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
                {{ "from " ~ relation if found else "where false" }}
        )
    {%- endif -%}
{%- endmacro %}
