{% macro to_number(expression) -%}
    case
        when
            regexp_extract(
                trim({{ expression }}),
                '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9][0-9]?)?$',
                0
            )
            <> ''
        then cast(trim({{ expression }}) as double)
    end
{%- endmacro %}
