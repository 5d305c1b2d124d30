with
    raw_sources as (select * from {{ ref("int_raw_lead_sources") }}),

    source_parts as (select * from {{ ref("int_lead_source_parts") }}),

    parsed_rules as (select * from {{ ref("int_rules_parsed") }}),

    rules as (select * from {{ ref("int_lead_source_rules") }}),

    parts as (
        select
            *,
            lower(trim(attribute_value)) as compared_value,
            {{ to_number("attribute_value") }} as compared_number
        from source_parts
    ),

    matched as (
        select
            parts.raw_lead_source,
            rules.lead_source,
            rules.channel,
            rules.is_paid,
            row_number() over (
                partition by parts.raw_lead_source order by rules.rule_rank
            ) as match_rank
        from parts
        inner join
            parsed_rules
            on parts.attribute_name = parsed_rules.attribute_name
            and {{ matches_rule("parsed_rules", "parsed_rules.element", "parts") }}
        inner join
            rules
            on parsed_rules.rule_set = rules.rule_set
            and parsed_rules.rule_id = rules.rule_id
        where
            rules.source_category is null
            or rules.source_category = parts.source_category
    ),

    final as (
        select
            raw_sources.raw_lead_source,
            coalesce(matched.lead_source, 'unknown') as lead_source,
            matched.channel,
            matched.is_paid,
            matched.raw_lead_source is not null as is_mapped
        from raw_sources
        left join
            matched
            on raw_sources.raw_lead_source = matched.raw_lead_source
            and matched.match_rank = 1
    )

select *
from final
