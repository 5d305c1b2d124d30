{% macro ascii_domain(expression) -%}
    {{ adapter.dispatch("ascii_domain")(expression) }}
{%- endmacro %}

{# Nearly all are ASCII already and need no call of Python (scripts/qualified_leads/sql_functions.py). #}
{% macro duckdb__ascii_domain(expression) -%}
    case
        when regexp_full_match({{ expression }}, '[ -~]*')
        then {{ expression }}
        else
            {{
                (
                    "ascii_domain(" ~ expression ~ ")"
                    if execute and has_plugin()
                    else expression
                )
            }}
    end
{%- endmacro %}
