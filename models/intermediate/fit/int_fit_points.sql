with
    matches as (select * from {{ ref("int_rule_matches") }}),

    moments as (select * from {{ ref("int_eligibility_moments") }}),

    final as (
        select
            matches.lead_id,
            matches.dimension,
            matches.rule_id,
            cast(matches.points as double) as points
        from matches
        inner join
            moments
            on matches.lead_id = moments.lead_id
            and matches.moment_at = moments.moment_at
            and moments.valid_to = {{ end_of_time() }}
        where matches.rule_set = 'fit'
    )

select *
from final
