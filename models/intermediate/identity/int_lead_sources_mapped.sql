with
    raw_sources as (select * from {{ ref("int_raw_lead_sources") }}),

    parts as (select * from {{ ref("int_lead_source_parts") }}),

    evaluations as (select * from {{ ref("int_rule_evaluations") }}),

    rules as (select * from {{ ref("int_lead_source_rules") }}),

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
            evaluations
            on parts.attribute_name = evaluations.attribute_name
            and parts.attribute_value = evaluations.attribute_value
        inner join
            rules
            on evaluations.rule_set = rules.rule_set
            and evaluations.rule_id = rules.rule_id
        where
            evaluations.is_match
            and (
                rules.source_category is null
                or rules.source_category = parts.source_category
            )
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
