with
    signals as (select * from {{ ref("stg_raw__intent_signals") }}),

    identities as (select * from {{ ref("int_lead_identities") }}),

    domains as (select * from {{ ref("int_domains_registered") }}),

    final as (
        select
            signals.*,
            identities.survivor_lead_id,
            domains.domain as registered_domain,
            case
                when
                    signals.row_state = 'staged'
                    and signals.lead_id is not null
                    and identities.survivor_lead_id is null
                then 'unknown_lead'
                else signals.quarantine_reason
            end as resolved_reason,
            case
                when
                    signals.row_state = 'staged'
                    and signals.lead_id is not null
                    and identities.survivor_lead_id is null
                then 'quarantined'
                else signals.row_state
            end as resolved_state
        from signals
        left join identities on signals.lead_id = identities.lead_id
        left join domains on signals.host = domains.host
    )

select *
from final
