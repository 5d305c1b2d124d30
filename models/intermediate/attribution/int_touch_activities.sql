with
    -- Few leads are looked up before the rules of their activities are.
    activities as {{ few_rows() }} ({{ resolved_rows("stg_raw__activities") }}),

    rules as (select * from {{ ref("int_activity_rules_slotted") }} where is_touch),

    final as (
        select
            activities.survivor_lead_id as lead_id,
            activities.activity_id,
            activities.occurred_at as touched_at,
            activities.campaign_id,
            -- What its source follows from: its own raw source, else its campaign.
            coalesce(
                'source ' || lower(activities.lead_source),
                'campaign ' || activities.campaign_id
            ) as origin
        from activities
        inner join
            rules
            on activities.activity_type = rules.activity_type
            and activities.occurred_at >= rules.valid_from
            and activities.occurred_at < rules.valid_to
        where activities.resolved_state = 'staged'
    )

select *
from final
