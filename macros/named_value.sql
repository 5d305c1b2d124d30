{# Columns that a prefix tells apart have none in their own relation. #}
{% macro named_value(name_expression, relation, columns, prefix="") -%}
    case
        {{ name_expression }}
        {% for column in columns %}
            when '{{ column }}'
            then cast({{ relation }}.{{ column[prefix | length :] }} as string)
        {% endfor %}
    end
{%- endmacro %}
