{% macro lake_directory() -%}
    {%- set warehouse = env_var("WAREHOUSE", "warehouse") -%}
    {%- if warehouse.startswith("/") -%} {{ return(warehouse ~ "/raw") }}
    {%- else -%} {{ return(flags.PROJECT_DIR ~ "/" ~ warehouse ~ "/raw") }}
    {%- endif -%}
{%- endmacro %}
