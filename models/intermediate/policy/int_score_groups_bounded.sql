with
    score_groups as (select * from {{ ref("score_groups") }}),

    final as (
        select
            lower(trim(score_group)) as score_group,
            lower(trim(kind)) as kind,
            cast(min_points as double) as min_points,
            cast(max_points as double) as max_points
        from score_groups
    )

select *
from final
