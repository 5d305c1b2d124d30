with
    lead_source_map as (select * from {{ ref("lead_source_map") }}),

    channel_rules as (select * from {{ ref("channel_rules") }}),

    united as (
        select
            'lead_source' as rule_set,
            1 as rule_set_order,
            priority,
            null as source_category,
            lead_source,
            channel,
            is_paid
        from lead_source_map
        union all
        select
            'channel' as rule_set,
            2 as rule_set_order,
            priority,
            lower(trim(source_category)) as source_category,
            lead_source,
            channel,
            is_paid
        from channel_rules
    ),

    final as (
        select
            rule_set,
            cast(priority as string) as rule_id,
            row_number() over (order by rule_set_order, priority) as rule_rank,
            source_category,
            lead_source,
            channel,
            is_paid
        from united
    )

select *
from final
