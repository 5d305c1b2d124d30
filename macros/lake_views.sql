{#
    Without the plugin, as state.py makes them: a view over the files of each raw table, with its columns
    and types, and without files an empty one. What an EL tool put there stays.
#}
{% macro lake_views() -%} {{ return(adapter.dispatch("lake_views")()) }} {%- endmacro %}

{% macro default__lake_views() -%} {{ return("") }} {%- endmacro %}

{% macro duckdb__lake_views() -%}
    {%- if target.name != "fusion" -%} {{ return("") }} {%- endif -%}
    {%- set lake = (env_var("WAREHOUSE", "") or "warehouse") ~ "/raw/" -%}
    {%- do limit_duckdb(lake) -%}
    {%- set landed_by_el = el_tables() -%}
    {#- Of all sources, as unit tests there look for the columns of each. -#}
    {%- for source in graph.sources.values() if source.name not in landed_by_el -%}
        {%- do run_query("create schema if not exists " ~ source.schema) -%}
        {%- set files = (
            "'" ~ (lake | replace("'", "''")) ~ source.name ~ "/*.parquet'"
        ) -%}
        {%- set found = run_query("select count(*) from glob(" ~ files ~ ")") -%}
        {%- set names, empty = [], [] -%}
        {%- for column in source.columns.values() -%}
            {%- do names.append(column.name) -%}
            {%- set typed = (
                "cast(null as " ~ column.data_type ~ ") as " ~ column.name
            ) -%}
            {%- do empty.append(typed) -%}
        {%- endfor -%}
        {%- call statement() -%}
            create or replace view {{ source.schema }}.{{ source.name }} as
            select {{ names | join(", ") }}
            from
                (
                    select {{ empty | join(", ") }}
                    where false
            {%- if found.columns[0].values()[0] > 0 %}
                        union all by name
                        from read_parquet({{ files }}, union_by_name = true)
            {%- endif %}
                ) as landed
        {%- endcall -%}
    {%- endfor -%}
{%- endmacro %}

{#
    SPARK_LAKE is where all workers find the lake. A view of an Iceberg catalogue can't name files, so it
    reads a table of Spark's own catalogue over them.
#}
{% macro spark__lake_views() -%}
    {%- set lake = env_var("SPARK_LAKE", "") -%}
    {%- if not lake -%} {{ return("") }} {%- endif -%}
    {%- set raw = var("raw_schema", "raw") -%}
    {%- set outside = "spark_catalog." ~ generate_schema_name("lake", none) -%}
    {%- do run_query("create schema if not exists " ~ outside) -%}
    {%- do run_query("create schema if not exists " ~ raw) -%}
    {%- set landed_by_el = run_query("show tables in " ~ raw).columns[1].values() -%}
    {%- for source in graph.sources.values()
        if source.source_name == "raw" and source.name not in landed_by_el
    -%}
        {%- set columns = [] -%}
        {%- for column in source.columns.values() -%}
            {%- do columns.append(column.name ~ " " ~ column.data_type) -%}
        {%- endfor -%}
        {%- set files = outside ~ "." ~ source.name -%}
        {%- do run_query("drop table if exists " ~ files) -%}
        {%- call statement() -%}
            create table {{ files }} ({{ columns | join(", ") }})
            using parquet location '{{ lake | replace("'", "\\'") }}/{{ source.name }}'
        {%- endcall -%}
        {%- call statement() -%}
            create or replace view {{ raw }}.{{ source.name }} as select * from {{ files }}
        {%- endcall -%}
    {%- endfor -%}
{%- endmacro %}
