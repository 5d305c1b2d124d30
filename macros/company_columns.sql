{% macro company_columns() -%}
    {{
        return(
            [
                "company_industry",
                "company_employee_count",
                "company_annual_revenue",
                "company_growth_rate",
                "company_country",
            ]
        )
    }}
{%- endmacro %}
