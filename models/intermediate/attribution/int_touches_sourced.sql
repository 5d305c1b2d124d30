with
    touches as (select * from {{ ref("int_lead_touches") }}),

    campaigns as (select * from {{ ref("int_campaigns_mapped") }}),

    final as (
        select touches.*, coalesce(campaigns.lead_source, 'unknown') as lead_source
        from touches
        left join campaigns on touches.campaign_id = campaigns.campaign_id
    )

select *
from final
