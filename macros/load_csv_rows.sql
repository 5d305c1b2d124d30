{#
    dbt-duckdb's own reads a seed where it was when dbt parsed it, and so not in a project that has
    been moved since. dbt runs in the project's directory.
#}
{% macro load_csv_rows(model, agate_table) -%}
    {{ return(adapter.dispatch("load_csv_rows", "dbt")(model, agate_table)) }}
{%- endmacro %}

{% macro duckdb__load_csv_rows(model, agate_table) -%}
    {%- set sql = (
        "copy "
        ~ this
        ~ " from '"
        ~ model.original_file_path
        ~ "' (format csv, header)"
    ) -%}
    {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {{ return(sql) }}
{%- endmacro %}
