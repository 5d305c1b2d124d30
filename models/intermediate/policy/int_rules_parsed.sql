{% set part = "'raw_' || trim(attribute_name)" %}
{% set rule_sets_without_validity = [
    ("lead_source", "lead_source_map", "'raw_lead_source'", "raw_value"),
    ("channel", "channel_rules", part, "rule_value"),
    ("persona", "personas", "attribute_name", "rule_value"),
] %}
with
    united as (
        select
            'fit' as rule_set,
            rule_id,
            attribute_name,
            comparison,
            rule_value,
            valid_from,
            valid_to
        from {{ ref("fit_rules") }}
        union all
        select
            'exclusion' as rule_set,
            rule_id,
            case
                when lower(trim(attribute_name)) = 'domain'
                then 'registrable_domain'
                else attribute_name
            end as attribute_name,
            comparison,
            rule_value,
            valid_from,
            valid_to
        from {{ ref("exclusion_rules") }}
        {% for rule_set, seed, attribute_name, rule_value in rule_sets_without_validity %}
            union all
            select
                '{{ rule_set }}' as rule_set,
                cast(priority as string) as rule_id,
                {{ attribute_name }} as attribute_name,
                comparison,
                {{ rule_value }} as rule_value,
                null as valid_from,
                null as valid_to
            from {{ ref(seed) }}
        {% endfor %}
    ),

    normalised as (
        select
            rule_set,
            rule_id,
            lower(trim(attribute_name)) as attribute_name,
            lower(trim(comparison)) as comparison,
            lower(trim(rule_value)) as rule_value,
            coalesce(
                cast(valid_from as timestamp), {{ beginning_of_time() }}
            ) as valid_from,
            coalesce(cast(valid_to as timestamp), {{ end_of_time() }}) as valid_to
        from united
    ),

    separated as (
        select *, {{ explode_text("coalesce(rule_value, '')") }} as value
        from normalised
        where comparison = 'in'
        union all
        select *, rule_value as value
        from normalised
        where comparison <> 'in'
    ),

    final as (
        select
            rule_set,
            rule_id,
            attribute_name,
            comparison,
            valid_from,
            valid_to,
            nullif(trim(value), '') as element,
            {{ to_number("value") }} as element_number,
            case
                when comparison = 'between'
                then {{ to_number("split_part(rule_value, '|', 1)") }}
            end as lower_bound,
            case
                when comparison = 'between'
                then {{ to_number("split_part(rule_value, '|', 2)") }}
            end as upper_bound,
            case
                when
                    attribute_name = 'registrable_domain'
                    and (comparison <> 'contains' or value not like '.%')
                then {{ domain_host("value") }}
            end as host
        from separated
    )

select *
from final
