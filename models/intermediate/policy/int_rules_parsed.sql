{% set rule_sets_without_validity = [
    ("lead_source", "lead_source_map", "'raw_lead_source'", "raw_value"),
    (
        "channel",
        "channel_rules",
        "concat('raw_', trim(attribute_name))",
        "rule_value",
    ),
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

    elements as (
        select rule_set, rule_id, {{ explode_text("rule_value") }} as element
        from normalised
        where comparison = 'in'
    ),

    final as (
        select
            normalised.rule_set,
            normalised.rule_id,
            normalised.attribute_name,
            normalised.comparison,
            normalised.valid_from,
            normalised.valid_to,
            nullif(
                trim(coalesce(elements.element, normalised.rule_value)), ''
            ) as element,
            {{ to_number("coalesce(elements.element, normalised.rule_value)") }}
            as element_number,
            case
                when normalised.comparison = 'between'
                then {{ to_number("split_part(normalised.rule_value, '|', 1)") }}
            end as lower_bound,
            case
                when normalised.comparison = 'between'
                then {{ to_number("split_part(normalised.rule_value, '|', 2)") }}
            end as upper_bound
        from normalised
        left join
            elements
            on normalised.rule_set = elements.rule_set
            and normalised.rule_id = elements.rule_id
    )

select *
from final
