{% macro engine_fingerprint() -%}
    {{ return(adapter.dispatch("engine_fingerprint")()) }}
{%- endmacro %}

{# dbt tells no macro what the others say, so their files are read. #}
{% macro duckdb__engine_fingerprint() -%}
    {%- set project = invocation_args_dict.project_dir | replace("'", "''") -%}
    {%- set found = run_query(
        "select concat(version(), ' ', string_agg(md5(content), ' ' order by filename)) from read_text(['"
        ~ project
        ~ "/macros/**/*.sql', '"
        ~ project
        ~ "/dbt_project.yml'])"
    ) -%}
    {{ return(found.columns[0].values()[0]) }}
{%- endmacro %}

{% macro spark__engine_fingerprint() -%}
    {{ return(run_query("select version()").columns[0].values()[0]) }}
{%- endmacro %}
