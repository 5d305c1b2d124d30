{% macro landing_read(table_name, staged) -%}
    {%- set latest = run_query(
        "select cast(coalesce(max(_landed_at), "
        ~ beginning_of_time()
        ~ ") as string), count(*) from "
        ~ staged
    ) -%}
    {%- set moment = "cast('" ~ latest.columns[0].values()[0] ~ "' as timestamp)" -%}
    {%- set rows = raw_rows(table_name) -%}
    select
        '{{ table_name }}' as table_name,
        {{ moment }} as landed_after,
        (select count(*) from {{ rows }})
        - (select count(*) from {{ rows }} where _landed_at > {{ moment }})
        = {{ latest.columns[1].values()[0] }} as is_continued
{%- endmacro %}
