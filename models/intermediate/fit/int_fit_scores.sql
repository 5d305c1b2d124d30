with
    moments as (select * from {{ ref("int_eligibility_moments") }}),

    matches as (select * from {{ ref("int_rule_matches") }}),

    score_groups as (select * from {{ ref("int_score_groups_bounded") }}),

    summed as (
        select lead_id, moment_at, dimension, sum(points) as points
        from matches
        where rule_set = 'fit'
        group by lead_id, moment_at, dimension
    ),

    clamped as (
        select
            summed.lead_id,
            summed.moment_at,
            sum(
                {{
                    clamp(
                        "summed.points",
                        "score_groups.min_points",
                        "score_groups.max_points",
                    )
                }}
            ) as points
        from summed
        left join
            score_groups
            on summed.dimension = score_groups.score_group
            and score_groups.kind = 'fit'
        group by summed.lead_id, summed.moment_at
    ),

    final as (
        select
            moments.lead_id,
            moments.moment_at,
            moments.valid_from,
            moments.valid_to,
            round(
                cast({{ clamp("coalesce(clamped.points, 0)", 0, 100) }} as double), 6
            ) as fit_score
        from moments
        left join
            clamped
            on moments.lead_id = clamped.lead_id
            and moments.moment_at = clamped.moment_at
    )

select *
from final
