{# Of rows that were quarantined as future: those whose time has come since the last refresh. #}
{% macro waited_until_now(table_name) -%}
    quarantine_reason = 'future'
    and (
        {% for moment in moments_judged(table_name) -%}
            {{ became_due(moment) }} {{ "or " if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
