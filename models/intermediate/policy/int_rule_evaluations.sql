with
    parsed_rules as (select * from {{ ref("int_rules_parsed") }}),

    domains as (select * from {{ ref("int_domains_registered") }}),

    lead_values as (select * from {{ ref("int_lead_attribute_periods") }}),

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
        select
            attribute_name,
            attribute_value,
            lower(trim(attribute_value)) as compared_value,
            {{ to_number("attribute_value") }} as compared_number
        from lead_values
        group by attribute_name, attribute_value
    ),

    compared as (
        select
            rules.rule_set,
            rules.rule_id,
            rules.valid_from,
            rules.valid_to,
            distinct_values.attribute_name,
            distinct_values.attribute_value,
            {{ matches_rule("rules", "rules.compared", "distinct_values") }} as is_match
        from distinct_values
        inner join rules on distinct_values.attribute_name = rules.attribute_name
    ),

    -- Null when every comparison met a value that it could not assess: unknown.
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
