with
    signals as (select * from {{ ref("int_intent_signals_resolved") }}),

    lead_versions as (select * from {{ ref("int_lead_versions") }}),

    final as (
        select
            signal_id,
            survivor_lead_id as lead_id,
            concat('intent_', signal_type) as activity_type,
            occurred_at,
            coalesce(strength, 1.0) as strength
        from signals
        where resolved_state = 'staged' and lead_id is not null
        union all
        select
            signals.signal_id,
            lead_versions.lead_id,
            concat('intent_', signals.signal_type) as activity_type,
            signals.occurred_at,
            coalesce(signals.strength, 1.0) as strength
        from signals
        inner join
            lead_versions
            on signals.registered_domain = lead_versions.domain
            and signals.occurred_at >= lead_versions.valid_from
            and signals.occurred_at < lead_versions.valid_to
        where signals.resolved_state = 'staged' and signals.lead_id is null
    )

select *
from final
