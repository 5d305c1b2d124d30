{% macro built_in_attributes() -%}
    {{
        return(
            {
                "lead": [
                    "lead_id",
                    "created_at",
                    "updated_at",
                    "email",
                    "first_name",
                    "last_name",
                    "phone",
                    "job_title",
                    "department",
                    "company_name",
                    "company_domain",
                    "country",
                    "region",
                    "lead_source",
                    "campaign_id",
                    "landing_page",
                    "owner_id",
                    "merged_into_lead_id",
                    "is_deleted",
                    "email_domain_type",
                ],
                "company": [
                    "company_industry",
                    "company_employee_count",
                    "company_annual_revenue",
                    "company_growth_rate",
                    "company_country",
                ],
                "other": ["technology", "registrable_domain"],
            }
        )
    }}
{%- endmacro %}
