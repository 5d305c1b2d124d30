with
    engagement_points as (select * from {{ ref("int_engagement_points") }}),

    fit_points as (select * from {{ ref("int_fit_points") }}),

    score_groups as (select * from {{ ref("int_score_groups_bounded") }}),

    rule_rows as (
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
    ),

    group_sums as (
        select
            rule_rows.lead_id,
            rule_rows.score_kind,
            rule_rows.score_group,
            concat('clamp:', rule_rows.score_group) as rule_id,
            sum(rule_rows.capped_points) as points,
            {{
                clamp(
                    "sum(rule_rows.capped_points)",
                    "max(score_groups.min_points)",
                    "max(score_groups.max_points)",
                )
            }} as clamped_points
        from rule_rows
        left join
            score_groups
            on rule_rows.score_group = score_groups.score_group
            and rule_rows.score_kind = score_groups.kind
        group by rule_rows.lead_id, rule_rows.score_kind, rule_rows.score_group
    ),

    clamps as (
        select *
        from group_sums
        union all
        select
            lead_id,
            score_kind,
            cast(null as string) as score_group,
            'clamp:total' as rule_id,
            sum(clamped_points) as points,
            {{ clamp("sum(clamped_points)", 0, 100) }} as clamped_points
        from group_sums
        group by lead_id, score_kind
    ),

    final as (
        select
            lead_id,
            score_kind,
            score_group,
            rule_id,
            event_count,
            round(raw_points, 9) as raw_points,
            round(decayed_points, 9) as decayed_points,
            round(capped_points, 9) as capped_points
        from rule_rows
        union all
        select
            lead_id,
            score_kind,
            score_group,
            rule_id,
            null as event_count,
            null as raw_points,
            null as decayed_points,
            round(clamped_points - points, 9) as capped_points
        from clamps
        where abs(clamped_points - points) > 0.0000000001e0
    )

select *
from final
