with
    spend as (select * from {{ ref("stg_raw__spend") }}),

    campaigns as (select * from {{ ref("int_campaigns_mapped") }}),

    mapped_sources as (select * from {{ ref("int_lead_sources_mapped") }}),

    rates as (select * from {{ ref("int_exchange_rate_periods") }}),

    rated as (
        select
            spend.*,
            coalesce(spend.lead_source, campaigns.raw_lead_source) as raw_lead_source,
            coalesce(mapped_sources.lead_source, 'unknown') as mapped_lead_source,
            {{ applied_rate("spend.currency", "rates.rate_to_reporting") }}
            as applied_rate
        from spend
        left join campaigns on spend.campaign_id = campaigns.campaign_id
        left join
            mapped_sources
            on lower(coalesce(spend.lead_source, campaigns.raw_lead_source))
            = mapped_sources.raw_lead_source
        left join
            rates
            on spend.currency = rates.currency
            and spend.spend_date >= rates.valid_from
            and spend.spend_date < rates.valid_to
    ),

    final as (
        select
            *,
            cast(round(amount * applied_rate, 2) as decimal(20, 2)) as reporting_amount,
            case
                when row_state = 'staged' and applied_rate is null
                then 'missing_rate'
                else quarantine_reason
            end as resolved_reason,
            case
                when row_state = 'staged' and applied_rate is null
                then 'quarantined'
                else row_state
            end as resolved_state
        from rated
    )

select *
from final
