{% macro named_value(name_expression, columns) -%}
    case
        {{ name_expression }}
        {% for column in columns %}
            when '{{ column }}' then cast({{ column }} as string)
        {% endfor %}
    end
{%- endmacro %}
