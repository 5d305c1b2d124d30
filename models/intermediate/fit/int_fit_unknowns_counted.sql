with
    leads as (select * from {{ ref("int_leads_merged") }}),

    periods as (select * from {{ ref("int_lead_attribute_periods") }}),

    evaluations as (select * from {{ ref("int_rule_evaluations") }}),

    rules as (select * from {{ ref("int_rules_parsed") }}),

    asked as (
        select count(distinct rule_id) as rule_count
        from rules
        where
            rule_set = 'fit'
            and comparison <> 'is_missing'
            and valid_from <= {{ as_of() }}
            and valid_to > {{ as_of() }}
    ),

    known as (
        select periods.lead_id, count(distinct evaluations.rule_id) as rule_count
        from periods
        inner join
            evaluations
            on periods.attribute_name = evaluations.attribute_name
            and periods.attribute_value = evaluations.attribute_value
        inner join
            rules
            on evaluations.rule_set = rules.rule_set
            and evaluations.rule_id = rules.rule_id
        where
            evaluations.rule_set = 'fit'
            and evaluations.is_match is not null
            and rules.comparison <> 'is_missing'
            and periods.valid_from <= {{ as_of() }}
            and periods.valid_to > {{ as_of() }}
            and evaluations.valid_from <= {{ as_of() }}
            and evaluations.valid_to > {{ as_of() }}
        group by periods.lead_id
    ),

    final as (
        select
            leads.lead_id,
            asked.rule_count - coalesce(known.rule_count, 0) as fit_unknown_count
        from leads
        cross join asked
        left join known on leads.lead_id = known.lead_id
    )

select *
from final
