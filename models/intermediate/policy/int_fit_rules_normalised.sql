with
    fit_rules as (select * from {{ ref("fit_rules") }}),

    final as (
        select
            rule_id,
            lower(trim(dimension)) as dimension,
            cast(points as decimal(18, 6)) as points
        from fit_rules
    )

select *
from final
