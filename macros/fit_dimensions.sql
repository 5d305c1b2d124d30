{% macro fit_dimensions() -%}
    {{
        return(
            [
                "demographic",
                "firmographic",
                "technographic",
                "psychographic",
            ]
        )
    }}
{%- endmacro %}
