with
    mapped_sources as (select * from {{ ref("int_lead_sources_mapped") }}),

    campaigns as (select * from {{ ref("int_campaigns_mapped") }}),

    final as (
        select 'source ' || raw_lead_source as origin, raw_lead_source, lead_source
        from mapped_sources
        union all
        select
            'campaign ' || campaign_id as origin,
            lower(raw_lead_source) as raw_lead_source,
            lead_source
        from campaigns
    )

select *
from final
