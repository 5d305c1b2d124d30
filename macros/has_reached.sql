{# A lead has reached a stage with its own time or with that of a later one. #}
{% macro has_reached(stage, alias) -%}
    {%- set stages = ["mql", "sal", "sql", "opportunity", "customer"] -%}
    (
        {% for later in stages[stages.index(stage) :] -%}
            {{ alias }}.{{ later }}_at is not null {{ "or " if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
