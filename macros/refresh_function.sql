{# Calls a function of refresh/hooks.py, which takes and gives JSON, and raises the error it tells. #}
{% macro refresh_function(name, request) -%}
    {%- do request.update({"prefix": generate_schema_name("", none)}) -%}
    {%- set text = tojson(request) | replace("'", "''") -%}
    {%- set found = run_query("select " ~ name ~ "('" ~ text ~ "')") -%}
    {%- set answer = fromjson(found.columns[0].values()[0]) -%}
    {%- if answer.error -%}
        {%- do exceptions.raise_compiler_error(answer.error) -%}
    {%- endif -%}
    {{ return(answer) }}
{%- endmacro %}
