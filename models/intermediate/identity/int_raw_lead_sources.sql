with
    leads as (select * from {{ ref("stg_raw__leads") }}),

    campaigns as (select * from {{ ref("stg_raw__campaigns") }}),

    spend as (select * from {{ ref("stg_raw__spend") }}),

    united as (
        select lead_source
        from leads
        union all
        select lead_source
        from campaigns
        union all
        select lead_source
        from spend
    ),

    final as (
        select lower(lead_source) as raw_lead_source
        from united
        where lead_source is not null
        group by lower(lead_source)
    )

select *
from final
