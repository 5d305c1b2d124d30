with
    campaigns as (select * from {{ ref("stg_raw__campaigns") }}),

    mapped_sources as (select * from {{ ref("int_lead_sources_mapped") }}),

    final as (
        select
            campaigns.campaign_id,
            campaigns.campaign_name,
            campaigns.lead_source as raw_lead_source,
            coalesce(mapped_sources.lead_source, 'unknown') as lead_source,
            coalesce(campaigns.channel, mapped_sources.channel) as channel,
            campaigns.started_at,
            campaigns.ended_at
        from campaigns
        left join
            mapped_sources
            on lower(campaigns.lead_source) = mapped_sources.raw_lead_source
        where campaigns.row_state = 'staged'
    )

select *
from final
