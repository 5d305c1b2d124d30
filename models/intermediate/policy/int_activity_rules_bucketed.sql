with
    activity_rules as (select * from {{ ref("activity_rules") }}),

    normalised as (
        select
            rule_id,
            lower(trim(activity_type)) as activity_type,
            lower(trim(score_group)) as score_group,
            cast(points as double) as points,
            cast(half_life_days as double) as half_life_days,
            cast(max_points as double) as max_points,
            coalesce(is_hand_raise, false) as is_hand_raise,
            coalesce(is_direct_contact, false) as is_direct_contact,
            coalesce(is_touch, false) as is_touch,
            coalesce(
                cast(valid_from as timestamp), {{ beginning_of_time() }}
            ) as valid_from,
            coalesce(cast(valid_to as timestamp), {{ end_of_time() }}) as valid_to
        from activity_rules
    ),

    -- Rules of a group that decay alike and have no cap add up before they decay, so
    -- they share a bucket: the running sums cost one column per bucket, not per rule.
    final as (
        select
            *,
            dense_rank() over (order by score_group) as group_number,
            dense_rank() over (
                order by
                    score_group,
                    coalesce(half_life_days, 0),
                    case when max_points is not null then rule_id else '' end
            ) as bucket_number
        from normalised
    )

select *
from final
