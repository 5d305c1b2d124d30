{% macro as_of() -%}
    {%- set started = run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") -%}
    {%- set moment = var("as_of", none) or started -%}
    {{ "cast('" ~ (moment | string | replace("'", "")) ~ "' as timestamp)" }}
{%- endmacro %}
