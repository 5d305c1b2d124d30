with
    events as (select * from {{ ref("int_lead_events") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    final as (
        select
            events.lead_id,
            events.rule_id,
            count(*) as event_count,
            sum(events.points) as raw_points,
            sum(events.grown_points) as grown_points
        from events
        inner join
            episodes
            on events.lead_id = episodes.lead_id
            and episodes.is_in_force
            and events.occurred_at > episodes.starts_after
        group by events.lead_id, events.rule_id
    )

select *
from final
