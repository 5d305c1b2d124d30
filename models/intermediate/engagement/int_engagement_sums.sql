with
    rule_days as (select * from {{ ref("int_engagement_rule_days") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    final as (
        select
            rule_days.lead_id,
            rule_days.rule_id,
            max(episodes.created_at) as created_at,
            max(
                case when rule_days.has_hand_raise then rule_days.last_acts_at end
            ) as last_hand_raise_at,
            cast(sum(rule_days.event_count) as bigint) as event_count,
            sum(rule_days.raw_points) as raw_points,
            sum(rule_days.weighted_points) as weighted_points
        from rule_days
        inner join
            episodes
            on rule_days.lead_id = episodes.lead_id
            and rule_days.episode = episodes.episode
            and episodes.is_in_force
        where rule_days.rule_id is not null
        group by rule_days.lead_id, rule_days.rule_id
    )

select *
from final
