with
    grid as (select * from {{ ref("mql_scenarios") }}),

    policies as (select * from {{ ref("int_policy_periods") }}),

    united as (
        select
            cast(hurdles.value as double) as fit_hurdle,
            cast(thresholds.value as double) as engagement_threshold,
            0 as is_policy
        from grid as hurdles
        cross join grid as thresholds
        where
            lower(trim(hurdles.kind)) = 'fit_hurdle'
            and lower(trim(thresholds.kind)) = 'engagement_threshold'
        union all
        select
            cast(fit_hurdle as double) as fit_hurdle,
            cast(engagement_threshold as double) as engagement_threshold,
            1 as is_policy
        from policies
        where valid_from <= {{ as_of() }} and valid_to > {{ as_of() }}
    ),

    final as (
        select fit_hurdle, engagement_threshold, max(is_policy) = 1 as is_policy
        from united
        group by fit_hurdle, engagement_threshold
    )

select *
from final
