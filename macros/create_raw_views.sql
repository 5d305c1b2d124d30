{% macro create_raw_views() -%}
    {%- set commands = ["build", "run", "test", "compile", "show", "run-operation"] -%}
    {#- A run that was planned ahead has them. -#}
    {%- if execute and flags.WHICH in commands and not var("planned_refresh", none) -%}
        {{ return(adapter.dispatch("create_raw_views")()) }}
    {%- endif -%}
{%- endmacro %}

{% macro duckdb__create_raw_views() -%}
    {%- set lake = lake_directory() -%}
    {%- set landed = run_query(
        "select distinct parse_path(file)[-2] from glob('"
        ~ lake
        ~ "/*/*.parquet')"
    ) -%}
    {%- set landed_by_el = el_tables() -%}
    create schema if not exists raw;
    {% for node in graph.sources.values() if node.source_name == "raw" -%}
        {%- if node.name not in landed_by_el -%}
            create or replace view raw.{{ node.name }} as
            select {{ node.columns | join(", ") }}
            from (
                select
            {% for column in node.columns.values() -%}
                    cast(null as {{ column.data_type }}) as {{ column.name }},
            {% endfor %}
                where false
            {% if node.name in landed.columns[0].values() -%}
                    union all by name
                    from read_parquet(
                        '{{ lake }}/{{ node.name }}/*.parquet', union_by_name = true
                    )
            {%- endif %}
            ) as rows;
        {% endif -%}
    {%- endfor -%}
{%- endmacro %}
