with
    rules as (select * from {{ ref("int_rules_parsed") }}),

    lead_versions as (select * from {{ ref("int_lead_versions") }}),

    company_periods as (select * from {{ ref("int_lead_company_periods") }}),

    domain_periods as (select * from {{ ref("int_lead_domain_periods") }}),

    answer_periods as (select * from {{ ref("int_lead_answer_periods") }}),

    asked as (
        select attribute_name
        from rules
        where rule_set in ('fit', 'exclusion', 'persona')
        group by attribute_name
    ),

    united as (
        select
            lead_versions.lead_id,
            asked.attribute_name,
            lead_versions.valid_from,
            lead_versions.valid_to,
            {{ named_value("asked.attribute_name", lead_columns()) }} as attribute_value
        from lead_versions
        cross join asked
        where asked.attribute_name in ({{ quoted_list(lead_columns()) }})
        union all
        select
            company_periods.lead_id,
            asked.attribute_name,
            company_periods.valid_from,
            company_periods.valid_to,
            {{ named_value("asked.attribute_name", company_columns()) }}
            as attribute_value
        from company_periods
        cross join asked
        where asked.attribute_name in ({{ quoted_list(company_columns()) }})
        union all
        select lead_id, attribute_name, valid_from, valid_to, attribute_value
        from domain_periods
        union all
        select lead_id, attribute_name, valid_from, valid_to, attribute_value
        from answer_periods
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
