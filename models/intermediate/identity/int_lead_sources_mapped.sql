with
    raw_sources as (select * from {{ ref("int_raw_lead_sources") }}),

    evaluations as (select * from {{ ref("int_rule_evaluations") }}),

    lead_source_map as (select * from {{ ref("lead_source_map") }}),

    matched as (
        select
            evaluations.attribute_value as raw_lead_source,
            lead_source_map.lead_source,
            lead_source_map.channel,
            lead_source_map.is_paid,
            row_number() over (
                partition by evaluations.attribute_value
                order by lead_source_map.priority
            ) as match_rank
        from evaluations
        inner join
            lead_source_map
            on evaluations.rule_id = cast(lead_source_map.priority as string)
        where evaluations.rule_set = 'lead_source' and evaluations.is_match
    ),

    final as (
        select
            raw_sources.raw_lead_source,
            coalesce(matched.lead_source, 'unknown') as lead_source,
            matched.channel,
            matched.is_paid
        from raw_sources
        left join
            matched
            on raw_sources.raw_lead_source = matched.raw_lead_source
            and matched.match_rank = 1
    )

select *
from final
