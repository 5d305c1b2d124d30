with
    engagement_points as (select * from {{ ref("int_engagement_points") }}),

    fit_points as (select * from {{ ref("int_fit_points") }}),

    final as (
        select
            lead_id,
            'engagement' as score_kind,
            score_group,
            rule_id,
            event_count,
            raw_points,
            decayed_points,
            capped_points
        from engagement_points
        union all
        select
            lead_id,
            'fit' as score_kind,
            dimension as score_group,
            rule_id,
            1 as event_count,
            points as raw_points,
            points as decayed_points,
            points as capped_points
        from fit_points
    )

select *
from final
