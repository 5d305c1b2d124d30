{#
    Without the plugin, as duckdb_limits.py does: DuckDB reads the lake, the seeds and its work
    file alone, and nothing in this run can take that back.
#}
{% macro limit_duckdb(lake) -%}
    {%- set limits = [
        "allowed_directories = ['"
        ~ (lake | replace("'", "''"))
        ~ "', 'seeds']",
        "autoinstall_known_extensions = false",
        "enable_external_access = false",
    ] -%}
    {%- set is_open = run_query("select current_setting('enable_external_access')") -%}
    {%- for limit in limits if is_open.columns[0].values()[0] -%}
        {%- do run_query("set global " ~ limit) -%}
    {%- endfor -%}
{%- endmacro %}
