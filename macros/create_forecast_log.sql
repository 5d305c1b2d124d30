{# What earlier releases foretold, from the file that they append to; none yet is an empty table. #}
{% macro create_forecast_log() -%}
    {%- set path = lake_directory()[:-4] ~ "/forecasts.parquet" -%}
    {%- set found = (
        run_query("select count(*) from glob('" ~ path ~ "')")
        .columns[0]
        .values()[0]
    ) -%}
    {%- set log = relation_named("ops", "forecast_log") -%}
    {%- if found -%}
        {%- do run_query(
            "create or replace table "
            ~ log
            ~ " as from read_parquet('"
            ~ path
            ~ "')"
        ) -%}
    {%- else -%}
        {%- do run_query(
            "create or replace table "
            ~ log
            ~ " (made_at timestamp, stage string, step integer, starts_at timestamp, ends_at timestamp,"
            ~ " open_leads bigint, expected_customers double, expected_revenue double)"
        ) -%}
    {%- endif -%}
{%- endmacro %}
