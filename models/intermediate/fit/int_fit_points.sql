with
    matches as (select * from {{ ref("int_rule_matches") }}),

    gate_moments as (select * from {{ ref("int_gate_moments") }}),

    fit_rules as (select * from {{ ref("int_fit_rules_normalised") }}),

    final as (
        select
            matches.lead_id,
            fit_rules.dimension,
            matches.rule_id,
            cast(fit_rules.points as double) as points
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
