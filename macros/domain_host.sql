{% macro domain_host(expression) -%}
    nullif(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    lower({{ trimmed(expression) }}), '^[a-z][a-z0-9+.-]*://', ''
                ),
                '[/?#].*$',
                ''
            ),
            '(:[0-9]*)?[.]*$',
            ''
        ),
        ''
    )
{%- endmacro %}
