with
    parsed_rules as (select * from {{ ref("int_rules_parsed") }}),

    domains as (select * from {{ ref("int_domains_registered") }}),

    lead_values as (select * from {{ ref("int_lead_attribute_periods") }}),

    source_parts as (select * from {{ ref("int_lead_source_parts") }}),

    rules as (
        select
            parsed_rules.*,
            case
                when parsed_rules.attribute_name = 'registrable_domain'
                then
                    coalesce(domains.domain, {{ ascii_domain("parsed_rules.element") }})
                else parsed_rules.element
            end as compared
        from parsed_rules
        left join domains on parsed_rules.host = domains.host
    ),

    distinct_values as (
        select attribute_name, attribute_value
        from lead_values
        union
        select attribute_name, attribute_value
        from source_parts
    ),

    numbered as (
        select
            attribute_name,
            attribute_value,
            lower(trim(attribute_value)) as compared_value,
            {{ to_number("attribute_value") }} as compared_number
        from distinct_values
    ),

    compared as (
        select
            rules.rule_set,
            rules.rule_id,
            rules.valid_from,
            rules.valid_to,
            numbered.attribute_name,
            numbered.attribute_value,
            case
                when
                    rules.comparison in ('between', 'at_least', 'at_most')
                    and numbered.compared_number is null
                then null
                when rules.comparison = 'is_missing' or rules.compared is null
                then false
                when rules.comparison in ('equals', 'in')
                then
                    numbered.compared_value = rules.compared
                    or coalesce(numbered.compared_number = rules.element_number, false)
                when rules.comparison = 'contains'
                then
                    replace(numbered.compared_value, rules.compared, '')
                    <> numbered.compared_value
                when rules.comparison = 'between'
                then
                    numbered.compared_number
                    between rules.lower_bound and rules.upper_bound
                when rules.comparison = 'at_least'
                then numbered.compared_number >= rules.element_number
                when rules.comparison = 'at_most'
                then numbered.compared_number <= rules.element_number
            end as is_match
        from numbered
        inner join rules on numbered.attribute_name = rules.attribute_name
    ),

    -- Null when every comparison met a value it could not judge: unknown.
    final as (
        select
            rule_set,
            rule_id,
            attribute_name,
            attribute_value,
            valid_from,
            valid_to,
            max(case when is_match then 1 when not is_match then 0 end) = 1 as is_match
        from compared
        group by
            rule_set, rule_id, attribute_name, attribute_value, valid_from, valid_to
    )

select *
from final
