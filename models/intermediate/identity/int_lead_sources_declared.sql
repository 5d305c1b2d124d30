with
    lead_source_map as (select * from {{ ref("lead_source_map") }}),

    mapped_sources as (select * from {{ ref("int_lead_sources_mapped") }}),

    ranked as (
        select
            lead_source,
            channel,
            is_paid,
            row_number() over (partition by lead_source order by priority) as map_rank
        from lead_source_map
    ),

    raw_counts as (
        select lead_source, count(*) as raw_value_count
        from mapped_sources
        group by lead_source
    ),

    sources as (
        select lead_source, channel, is_paid
        from ranked
        where map_rank = 1
        union all
        select 'unknown' as lead_source, 'unknown' as channel, null as is_paid
        from (select 1 as one) as always
        where
            not exists (
                select lead_source
                from lead_source_map
                where lead_source_map.lead_source = 'unknown'
            )
    ),

    final as (
        select
            sources.lead_source,
            sources.channel,
            sources.is_paid,
            coalesce(raw_counts.raw_value_count, 0) as raw_value_count
        from sources
        left join raw_counts on sources.lead_source = raw_counts.lead_source
    )

select *
from final
