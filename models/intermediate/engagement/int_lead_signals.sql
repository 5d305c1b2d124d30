with
    affected as (select * from {{ ref("int_leads_affected") }}),

    lead_versions as (select * from {{ ref("int_lead_versions") }}),

    domains as (select * from {{ ref("int_domains_registered") }}),

    signals as (
        select
            signal_id,
            lead_id,
            host,
            'intent_' || coalesce(signal_type, '') as activity_type,
            occurred_at,
            coalesce(strength, 1e0) as strength
        from {{ ref("stg_raw__intent_signals") }}
        where row_state = 'staged'
    ),

    -- One without a lead is for each lead of its domain at the time.
    final as (
        select
            signals.signal_id,
            affected.survivor_lead_id as lead_id,
            signals.activity_type,
            signals.occurred_at,
            signals.strength
        from signals
        inner join affected on signals.lead_id = affected.lead_id
        where affected.survivor_lead_id is not null
        union all
        select
            signals.signal_id,
            lead_versions.lead_id,
            signals.activity_type,
            signals.occurred_at,
            signals.strength
        from signals
        inner join domains on signals.host = domains.host
        inner join
            lead_versions
            on domains.domain = lead_versions.domain
            and signals.occurred_at >= lead_versions.valid_from
            and signals.occurred_at < lead_versions.valid_to
        where signals.lead_id is null
    )

select *
from final
