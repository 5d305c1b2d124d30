with
    rules as (select * from {{ ref("int_lead_source_rules") }}),

    mapped_sources as (select * from {{ ref("int_lead_sources_mapped") }}),

    ranked as (
        select
            lead_source,
            channel,
            is_paid,
            row_number() over (
                partition by lead_source order by rule_rank
            ) as declared_rank
        from rules
    ),

    raw_counts as (
        select lead_source, count(*) as raw_value_count
        from mapped_sources
        group by lead_source
    ),

    undeclared as (select 'unknown' as lead_source),

    sources as (
        select lead_source, channel, is_paid
        from ranked
        where declared_rank = 1
        union all
        select undeclared.lead_source, 'unknown' as channel, null as is_paid
        from undeclared
        left join ranked on undeclared.lead_source = ranked.lead_source
        where ranked.lead_source is null
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
