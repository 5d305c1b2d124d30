{% macro to_number(expression) -%}
    case
        when
            regexp_extract(
                {{ trimmed(expression) }},
                '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9][0-9]?)?$',
                0
            )
            <> ''
        then cast({{ trimmed(expression) }} as double)
    end
{%- endmacro %}
