{% macro engine_fingerprint() -%}
    {{ return(adapter.dispatch("engine_fingerprint")()) }}
{%- endmacro %}

{# dbt tells no macro what the others say; the plugin of profiles.yml reads their files. #}
{% macro duckdb__engine_fingerprint() -%}
    {%- set found = run_query(
        "select concat(version(), ' ', coalesce(cast(getvariable('project_code_hash') as string),"
        ~ " error('profiles.yml lacks the plugin qualified_leads.duckdb_limits')))"
    ) -%}
    {{ return(found.columns[0].values()[0]) }}
{%- endmacro %}

{% macro spark__engine_fingerprint() -%}
    {{ return(run_query("select version()").columns[0].values()[0]) }}
{%- endmacro %}
