with
    rule_rows as (select * from {{ ref("int_rule_points") }}),

    score_groups as (select * from {{ ref("int_score_groups_bounded") }}),

    group_sums as (
        select
            rule_rows.lead_id,
            rule_rows.score_kind,
            rule_rows.score_group,
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

    total_sums as (
        select
            lead_id,
            score_kind,
            sum(clamped_points) as points,
            {{ clamp("sum(clamped_points)", 0.0, 100.0) }} as clamped_points
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
            raw_points,
            decayed_points,
            capped_points
        from rule_rows
        union all
        select
            lead_id,
            score_kind,
            score_group,
            concat('clamp:', score_group) as rule_id,
            cast(null as bigint) as event_count,
            cast(null as double) as raw_points,
            cast(null as double) as decayed_points,
            clamped_points - points as capped_points
        from group_sums
        where abs(clamped_points - points) > 0.0000000001
        union all
        select
            lead_id,
            score_kind,
            cast(null as string) as score_group,
            'clamp:total' as rule_id,
            cast(null as bigint) as event_count,
            cast(null as double) as raw_points,
            cast(null as double) as decayed_points,
            clamped_points - points as capped_points
        from total_sums
        where abs(clamped_points - points) > 0.0000000001
    )

select *
from final
