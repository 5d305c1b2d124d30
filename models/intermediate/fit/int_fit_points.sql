with
    matches as (select * from {{ ref("int_rule_matches") }}),

    moments as (select * from {{ ref("int_eligibility_moments") }}),

    fit_rules as (select * from {{ ref("int_fit_rules_normalised") }}),

    final as (
        select
            matches.lead_id,
            fit_rules.dimension,
            matches.rule_id,
            cast(fit_rules.points as double) as points
        from matches
        inner join
            moments
            on matches.lead_id = moments.lead_id
            and matches.moment_at = moments.moment_at
            and moments.valid_to = {{ end_of_time() }}
        inner join fit_rules on matches.rule_id = fit_rules.rule_id
        where matches.rule_set = 'fit'
    )

select *
from final
