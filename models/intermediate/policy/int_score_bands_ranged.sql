with
    score_bands as (select * from {{ ref("score_bands") }}),

    final as (
        select
            lower(trim(kind)) as kind,
            band,
            cast(min_score as double) as min_score,
            coalesce(
                lead(cast(min_score as double)) over (
                    partition by lower(trim(kind)) order by min_score
                ),
                1000e0
            ) as below_score
        from score_bands
    )

select *
from final
