with
    rules as (select * from {{ ref("int_rules_parsed") }}),

    activity_rules as (select * from {{ ref("int_activity_rules_bucketed") }}),

    policies as (select * from {{ ref("int_policy_periods") }}),

    united as (
        select valid_from as boundary_at, rule_set = 'fit' as is_fit_boundary
        from rules
        union all
        select valid_to as boundary_at, rule_set = 'fit' as is_fit_boundary
        from rules
        union all
        select valid_from as boundary_at, false as is_fit_boundary
        from activity_rules
        union all
        select valid_to as boundary_at, false as is_fit_boundary
        from activity_rules
        union all
        select declared_from as boundary_at, false as is_fit_boundary
        from policies
    ),

    final as (
        select
            boundary_at,
            max(case when is_fit_boundary then 1 else 0 end) = 1 as is_fit_boundary
        from united
        where
            boundary_at > {{ beginning_of_time() }}
            and boundary_at < {{ end_of_time() }}
            and boundary_at <= {{ as_of() }}
        group by boundary_at
    )

select *
from final
