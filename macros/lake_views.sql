{#
    Without the plugin, as state.py makes them: a view over the files of each source, with its
    columns and types, and without files an empty one. What an EL tool put there
    stays.
#}
{% macro lake_views() -%}
    {%- set lake = (env_var("WAREHOUSE", "") or "warehouse") ~ "/raw/" -%}
    {%- do limit_duckdb(lake) -%}
    {%- set landed_by_el = el_tables() -%}
    {%- for source in graph.sources.values() if source.name not in landed_by_el -%}
        {%- set files = (
            "'" ~ (lake | replace("'", "''")) ~ source.name ~ "/*.parquet'"
        ) -%}
        {%- set found = run_query("select count(*) from glob(" ~ files ~ ")") -%}
        {%- set names, empty = [], [] -%}
        {%- for column in source.columns.values() -%}
            {%- do names.append(column.name) -%}
            {%- do empty.append(
                "cast(null as " ~ column.data_type ~ ") as " ~ column.name
            ) -%}
        {%- endfor -%}
        {%- set landed = "" -%}
        {%- if found.columns[0].values()[0] > 0 -%}
            {%- set landed = (
                "union all by name from read_parquet("
                ~ files
                ~ ", union_by_name = true)"
            ) -%}
        {%- endif -%}
        {%- do run_query("create schema if not exists " ~ source.schema) -%}
        {%- do run_query(
            "create or replace view "
            ~ source.schema
            ~ "."
            ~ source.name
            ~ " as select "
            ~ (names | join(", "))
            ~ " from (select "
            ~ (empty | join(", "))
            ~ " where false "
            ~ landed
            ~ ") as landed"
        ) -%}
    {%- endfor -%}
{%- endmacro %}
