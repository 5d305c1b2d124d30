with
    resolved as ({{ resolved_rows("stg_raw__activities") }}),

    rules as (select * from {{ ref("int_activity_rules_slotted") }}),

    final as (
        select
            resolved.activity_id,
            resolved.record_key,
            resolved.survivor_lead_id,
            resolved.occurred_at,
            resolved.campaign_id,
            rules.rule_id,
            resolved.resolved_state,
            resolved.resolved_reason,
            resolved._loaded_at,
            resolved._landed_at
        from resolved
        left join
            rules
            on resolved.activity_type = rules.activity_type
            and resolved.occurred_at >= rules.valid_from
            and resolved.occurred_at < rules.valid_to
    )

select *
from final
