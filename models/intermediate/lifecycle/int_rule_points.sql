with
    engagement_points as (select * from {{ ref("int_engagement_points") }}),

    matches as (select * from {{ ref("int_rule_matches") }}),

    gate_moments as (select * from {{ ref("int_gate_moments") }}),

    fit_rules as (select * from {{ ref("int_fit_rules_normalised") }}),

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
    )

select *
from final
