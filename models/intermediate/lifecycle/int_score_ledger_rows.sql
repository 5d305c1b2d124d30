with
    engagement_points as (select * from {{ ref("int_engagement_points") }}),

    matches as (select * from {{ ref("int_rule_matches") }}),

    gate_moments as (select * from {{ ref("int_gate_moments") }}),

    fit_rules as (select * from {{ ref("int_fit_rules_normalised") }}),

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
            matches.lead_id,
            'fit' as score_kind,
            fit_rules.dimension as score_group,
            matches.rule_id,
            1 as event_count,
            cast(fit_rules.points as double) as raw_points,
            cast(fit_rules.points as double) as decayed_points,
            cast(fit_rules.points as double) as capped_points
        from matches
        inner join
            gate_moments
            on matches.lead_id = gate_moments.lead_id
            and matches.moment_at = gate_moments.moment_at
            and gate_moments.valid_to = {{ end_of_time() }}
        inner join fit_rules on matches.rule_id = fit_rules.rule_id
        where matches.rule_set = 'fit'
    ),

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
