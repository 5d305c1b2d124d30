{% macro lake_directory() -%}
    {%- set warehouse = env_var("WAREHOUSE", "warehouse") -%}
    {%- if warehouse.startswith("/") -%} {{ return(warehouse ~ "/raw") }}
    {%- else -%}
        {{ return(invocation_args_dict.project_dir ~ "/" ~ warehouse ~ "/raw") }}
    {%- endif -%}
{%- endmacro %}
