with
    rules as (select * from {{ ref("int_activity_rules_bucketed") }}),

    score_groups as (select * from {{ ref("int_score_groups_bounded") }}),

    final as (
        select
            rules.bucket_number,
            rules.group_number,
            rules.score_group,
            max(rules.half_life_days) as half_life_days,
            max(rules.max_points) as max_points,
            max(score_groups.min_points) as min_group_points,
            max(score_groups.max_points) as max_group_points
        from rules
        left join
            score_groups
            on rules.score_group = score_groups.score_group
            and score_groups.kind = 'engagement'
        group by rules.bucket_number, rules.group_number, rules.score_group
    )

select *
from final
