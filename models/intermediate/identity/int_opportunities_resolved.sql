with
    opportunities as (select * from {{ ref("stg_raw__opportunities") }}),

    affected as (select * from {{ ref("int_leads_affected") }}),

    rates as (select * from {{ ref("int_exchange_rate_periods") }}),

    identities as (select * from {{ ref("int_lead_identities") }}),

    -- The versions of an opportunity are validated together, whatever leads they name.
    concerned as (
        select opportunities.opportunity_id
        from opportunities
        inner join affected on opportunities.lead_id = affected.lead_id
        group by opportunities.opportunity_id
    ),

    dated as (
        select opportunities.*, identities.survivor_lead_id
        from opportunities
        inner join concerned on opportunities.opportunity_id = concerned.opportunity_id
        left join identities on opportunities.lead_id = identities.lead_id
    ),

    -- A win or loss that lies after as_of has not happened yet: it is open.
    visible as (
        select
            *,
            case
                when status in ('won', 'lost') and decided_at > {{ as_of() }}
                then 'open'
                else status
            end as visible_status
        from dated
    ),

    rated as (
        select
            visible.*,
            {{ applied_rate("visible.currency", "rates.rate_to_reporting") }}
            as applied_rate
        from visible
        left join
            rates
            on visible.currency = rates.currency
            and cast(visible.decided_at as date) >= rates.valid_from
            and cast(visible.decided_at as date) < rates.valid_to
    ),

    -- Only the current version is validated; when it is quarantined, so is its key.
    validated as (
        select
            *,
            max(case when is_current then lead_id end) over (
                partition by opportunity_id
            ) as key_lead_id,
            max(
                case
                    when row_state = 'staged' and is_current
                    then
                        case
                            when survivor_lead_id is null
                            then 'unknown_lead'
                            when
                                visible_status = 'won'
                                and amount is not null
                                and applied_rate is null
                            then 'missing_rate'
                        end
                end
            ) over (partition by opportunity_id) as key_reason
        from rated
    ),

    final as (
        select
            *,
            cast(round(amount * applied_rate, 2) as decimal(20, 2)) as reporting_amount,
            case
                when row_state = 'staged' then key_reason else quarantine_reason
            end as resolved_reason,
            case
                when row_state = 'staged' and key_reason is not null
                then 'quarantined'
                else row_state
            end as resolved_state
        from validated
    )

select *
from final
