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

{# Java's is the older IDNA 2003, which differs in four letters; a label with one stays as it is. #}
{% macro spark__ascii_domain(expression) -%}
    array_join(
        transform(
            split({{ expression }}, '[.]', -1),
            label -> case
                when label rlike '[ßς\\u200C\\u200D]'
                then label
                else coalesce(try_reflect('java.net.IDN', 'toASCII', label), label)
            end
        ),
        '.'
    )
{%- endmacro %}
