{% set built_in = built_in_attributes() %}
with
    rules as (select * from {{ ref("int_rules_parsed") }}),

    lead_versions as (select * from {{ ref("int_lead_versions") }}),

    companies as (select * from {{ ref("int_domain_companies") }}),

    technologies as (select * from {{ ref("int_company_technologies_resolved") }}),

    answer_periods as (select * from {{ ref("int_lead_answer_periods") }}),

    asked as (
        select distinct attribute_name
        from rules
        where rule_set in ('fit', 'exclusion', 'persona')
    ),

    -- A row for each asked column; what is asked and no column is null, and dropped.
    united as (
        select
            lead_versions.lead_id,
            asked.attribute_name,
            lead_versions.valid_from,
            lead_versions.valid_to,
            case
                asked.attribute_name
                {% for name in built_in.lead %}
                    when '{{ name }}' then cast(lead_versions.{{ name }} as string)
                {% endfor %}
            end as attribute_value
        from lead_versions
        cross join asked
        union all
        select
            lead_versions.lead_id,
            asked.attribute_name,
            greatest(lead_versions.valid_from, companies.valid_from) as valid_from,
            least(lead_versions.valid_to, companies.valid_to) as valid_to,
            case
                asked.attribute_name
                {% for name in built_in.company %}
                    when '{{ name }}'
                    then cast(companies.{{ name | replace("company_", "") }} as string)
                {% endfor %}
            end as attribute_value
        from lead_versions
        inner join
            companies
            on lead_versions.domain = companies.domain
            and lead_versions.valid_from < companies.valid_to
            and lead_versions.valid_to > companies.valid_from
        inner join
            asked on asked.attribute_name in ('{{ built_in.company | join("', '") }}')
        union all
        select
            lead_versions.lead_id,
            'technology' as attribute_name,
            greatest(
                lead_versions.valid_from,
                coalesce(technologies.detected_at, lead_versions.valid_from)
            ) as valid_from,
            lead_versions.valid_to,
            technologies.technology as attribute_value
        from lead_versions
        inner join
            technologies
            on lead_versions.domain = technologies.registered_domain
            and technologies.row_state = 'staged'
            and coalesce(technologies.detected_at, lead_versions.valid_from)
            < lead_versions.valid_to
        {% for column in ["email_domain", "stated_domain"] %}
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
        select lead_id, attribute_name, valid_from, valid_to, attribute_value
        from answer_periods
    ),

    final as (
        select distinct
            united.lead_id,
            united.attribute_name,
            united.valid_from,
            united.valid_to,
            united.attribute_value
        from united
        inner join asked on united.attribute_name = asked.attribute_name
        where united.attribute_value is not null
    )

select *
from final
