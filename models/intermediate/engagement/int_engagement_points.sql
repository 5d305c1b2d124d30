with
    sums as (select * from {{ ref("int_engagement_sums") }}),

    rules as (select * from {{ ref("int_activity_rules_bucketed") }}),

    decayed as (
        select
            sums.lead_id,
            rules.score_group,
            sums.rule_id,
            rules.max_points,
            sums.event_count,
            sums.raw_points,
            sums.weighted_points
            / {{ decay_weight(as_of(), "sums.created_at", "rules.half_life_days") }}
            as decayed_points
        from sums
        inner join rules on sums.rule_id = rules.rule_id
    ),

    final as (
        select
            *,
            {{ clamp("decayed_points", "-max_points", "max_points") }} as capped_points
        from decayed
    )

select *
from final
