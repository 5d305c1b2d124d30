{# Whether the plugin of profiles.yml is there; a project that has this one as a package may lack it. #}
{% macro has_plugin() -%} {{ return(adapter.dispatch("has_plugin")()) }} {%- endmacro %}

{% macro duckdb__has_plugin() -%}
    {%- set found = run_query(
        "select count(*) from duckdb_functions() where function_name = 'begin_refresh'"
    ) -%}
    {{ return(found.columns[0].values()[0] > 0) }}
{%- endmacro %}

{% macro default__has_plugin() -%} {{ return(false) }} {%- endmacro %}
