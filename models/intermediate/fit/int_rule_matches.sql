with
    moments as (select * from {{ ref("int_eligibility_moments") }}),

    periods as (select * from {{ ref("int_lead_attribute_periods") }}),

    evaluations as (select * from {{ ref("int_rule_evaluations") }}),

    rules as (select * from {{ ref("int_rules_parsed") }}),

    fit_rules as (select * from {{ ref("fit_rules") }}),

    known as (
        select
            moments.lead_id,
            moments.moment_at,
            evaluations.rule_set,
            evaluations.rule_id
        from moments
        inner join
            periods
            on moments.lead_id = periods.lead_id
            and moments.moment_at >= periods.valid_from
            and moments.moment_at < periods.valid_to
        inner join
            evaluations
            on periods.attribute_name = evaluations.attribute_name
            and periods.attribute_value = evaluations.attribute_value
            and moments.moment_at >= evaluations.valid_from
            and moments.moment_at < evaluations.valid_to
        where evaluations.is_match and evaluations.rule_set in ('fit', 'exclusion')
        group by
            moments.lead_id,
            moments.moment_at,
            evaluations.rule_set,
            evaluations.rule_id
    ),

    missing as (
        select moments.lead_id, moments.moment_at, rules.rule_set, rules.rule_id
        from moments
        inner join
            rules
            on moments.moment_at >= rules.valid_from
            and moments.moment_at < rules.valid_to
        left join
            periods
            on moments.lead_id = periods.lead_id
            and rules.attribute_name = periods.attribute_name
            and moments.moment_at >= periods.valid_from
            and moments.moment_at < periods.valid_to
        where
            rules.rule_set in ('fit', 'exclusion')
            and rules.comparison = 'is_missing'
            and periods.lead_id is null
    ),

    united as (
        select lead_id, moment_at, rule_set, rule_id
        from known
        union all
        select lead_id, moment_at, rule_set, rule_id
        from missing
    ),

    final as (
        select
            united.*,
            lower(trim(fit_rules.dimension)) as dimension,
            cast(fit_rules.points as decimal(18, 6)) as points
        from united
        left join
            fit_rules on united.rule_set = 'fit' and united.rule_id = fit_rules.rule_id
    )

select *
from final
