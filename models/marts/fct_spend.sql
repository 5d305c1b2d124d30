with
    spend as (select * from {{ ref("int_spend_converted") }}),

    final as (
        select
            spend_id,
            spend_date,
            mapped_lead_source as lead_source,
            campaign_id,
            category,
            coalesce(is_refund, false) as is_refund,
            amount,
            coalesce(currency, {{ reporting_currency() }}) as currency,
            reporting_amount,
            impressions,
            clicks
        from spend
        where resolved_state = 'staged'
    )

select *
from final
