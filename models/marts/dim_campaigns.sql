with
    campaigns as (select * from {{ ref("int_campaigns_mapped") }}),

    final as (
        select campaign_id, campaign_name, lead_source, channel, started_at, ended_at
        from campaigns
    )

select *
from final
