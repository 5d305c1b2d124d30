with
    kinds as (
        select 'fit' as kind
        union all
        select 'engagement' as kind
    ),

    lowest as (
        select lower(trim(kind)) as kind, min(min_score) as min_score
        from {{ ref("score_bands") }}
        group by lower(trim(kind))
    )

select kinds.kind
from kinds
left join lowest on kinds.kind = lowest.kind
where coalesce(lowest.min_score, 1) > 0
