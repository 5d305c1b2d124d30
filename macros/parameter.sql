{% macro parameter(name) -%}
    (
        select max(parameters.value)
        from {{ ref("report_parameters") }} as parameters
        where parameters.parameter = '{{ name }}'
    )
{%- endmacro %}
