with
    signals as (select * from {{ ref("stg_raw__intent_signals") }}),

    affected as (select * from {{ ref("int_leads_affected") }}),

    domains as (select * from {{ ref("int_domains_registered") }}),

    final as (
        select
            signals.*,
            affected.survivor_lead_id,
            domains.domain as registered_domain,
            case
                when
                    signals.row_state = 'staged'
                    and signals.lead_id is not null
                    and affected.survivor_lead_id is null
                then 'unknown_lead'
                else signals.quarantine_reason
            end as resolved_reason,
            case
                when
                    signals.row_state = 'staged'
                    and signals.lead_id is not null
                    and affected.survivor_lead_id is null
                then 'quarantined'
                else signals.row_state
            end as resolved_state
        from signals
        left join affected on signals.lead_id = affected.lead_id
        left join domains on signals.host = domains.host
        where signals.lead_id is null or affected.lead_id is not null
    )

select *
from final
