with
    touches as (select * from {{ ref("int_lead_touches") }}),

    origins as (select * from {{ ref("int_touch_origins") }}),

    final as (
        select
            touches.lead_id,
            touches.touch_number,
            touches.activity_id,
            touches.touched_at,
            coalesce(origins.lead_source, 'unknown') as lead_source,
            touches.campaign_id,
            touches.origin
        from touches
        left join origins on touches.origin = origins.origin
        -- Others are kept in case their window comes to hold them.
        where
            {% for milestone in milestones() %}
                touches.touched_at
                between touches.{{ milestone }}_at
                - {{ attribution_lookback() }} and touches.{{ milestone }}_at
                {{ "or" if not loop.last }}
            {% endfor %}
    )

select *
from final
