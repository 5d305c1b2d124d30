{# As text of SQL that names files by patterns: [*] is * itself. #}
{% macro lake_directory() -%}
    {%- set warehouse = env_var("WAREHOUSE", "") or "warehouse" -%}
    {%- if not warehouse.startswith("/") -%}
        {%- set warehouse = invocation_args_dict.project_dir ~ "/" ~ warehouse -%}
    {%- endif -%}
    {{
        return(
            warehouse
            | replace("[", "[[]")
            | replace("*", "[*]")
            | replace("?", "[?]")
            | replace("'", "''") ~ "/raw"
        )
    }}
{%- endmacro %}
