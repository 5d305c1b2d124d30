{% set company_columns = [
    "company_industry",
    "company_employee_count",
    "company_annual_revenue",
    "company_growth_rate",
    "company_country",
] %}
{% set version_columns = lead_columns() + ["email_domain_type"] %}
{% set domain_columns = ["email_domain", "stated_domain", "domain"] %}
with
    rules as (select * from {{ ref("int_rules_parsed") }}),

    lead_versions as (select * from {{ ref("int_lead_versions") }}),

    company_periods as (select * from {{ ref("int_lead_company_periods") }}),

    technologies as (select * from {{ ref("int_company_technologies_resolved") }}),

    lead_attributes as (select * from {{ ref("int_lead_attributes_resolved") }}),

    asked as (
        select attribute_name
        from rules
        where rule_set in ('fit', 'exclusion')
        group by attribute_name
    ),

    answers as (
        select
            survivor_lead_id as lead_id,
            attribute_name,
            captured_at as valid_from,
            max(attribute_value) as attribute_value
        from lead_attributes
        where
            resolved_state = 'staged'
            and attribute_name not in (
                '{{ (version_columns + company_columns) | join("',
                '") }}',
                'technology',
                'registrable_domain'
            )
        group by survivor_lead_id, attribute_name, captured_at
    ),

    united as (
        select
            lead_versions.lead_id,
            asked.attribute_name,
            lead_versions.valid_from,
            lead_versions.valid_to,
            {{ named_value("asked.attribute_name", version_columns) }}
            as attribute_value
        from lead_versions
        cross join asked
        where asked.attribute_name in ('{{ version_columns | join("', '") }}')
        union all
        select
            company_periods.lead_id,
            asked.attribute_name,
            company_periods.valid_from,
            company_periods.valid_to,
            {{ named_value("asked.attribute_name", company_columns) }}
            as attribute_value
        from company_periods
        cross join asked
        where asked.attribute_name in ('{{ company_columns | join("', '") }}')
        union all
        select
            lead_versions.lead_id,
            'technology' as attribute_name,
            greatest(
                lead_versions.valid_from,
                coalesce(technologies.detected_at, {{ beginning_of_time() }})
            ) as valid_from,
            lead_versions.valid_to,
            technologies.technology as attribute_value
        from lead_versions
        inner join
            technologies
            on lead_versions.domain = technologies.registered_domain
            and technologies.row_state = 'staged'
            and coalesce(technologies.detected_at, {{ beginning_of_time() }})
            < lead_versions.valid_to
        {% for column in domain_columns %}
            union all
            select
                lead_id,
                'registrable_domain' as attribute_name,
                valid_from,
                valid_to,
                {{ column }} as attribute_value
            from lead_versions
        {% endfor %}
        union all
        select
            answers.lead_id,
            answers.attribute_name,
            answers.valid_from,
            coalesce(
                lead(answers.valid_from) over (
                    partition by answers.lead_id, answers.attribute_name
                    order by answers.valid_from
                ),
                {{ end_of_time() }}
            ) as valid_to,
            answers.attribute_value
        from answers
    ),

    final as (
        select
            united.lead_id,
            united.attribute_name,
            united.valid_from,
            united.valid_to,
            united.attribute_value
        from united
        inner join asked on united.attribute_name = asked.attribute_name
        where united.attribute_value is not null
        group by
            united.lead_id,
            united.attribute_name,
            united.valid_from,
            united.valid_to,
            united.attribute_value
    )

select *
from final
