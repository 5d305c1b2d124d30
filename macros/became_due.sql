{# After the last complete refresh, which saw everything up to its own now, and up to this now. #}
{% macro became_due(moment_at) -%}
    (
        {{ moment_at }} > cast('{{ refresh_plan().complete_as_of }}' as timestamp)
        and {{ moment_at }} <= {{ as_of() }}
    )
{%- endmacro %}
