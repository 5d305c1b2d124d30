{{ config(materialized="view") }}
{% set slots = score_slots() %}
with
    events as (select * from {{ ref("int_lead_events") }}),

    gate_moments as (select * from {{ ref("int_gate_moments") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    moments as (
        select
            lead_id,
            occurred_at,
            acts_at as moment_at,
            slot_number,
            points,
            grown_points,
            is_hand_raise
        from events
        union all
        select
            lead_id,
            moment_at as occurred_at,
            moment_at,
            null as slot_number,
            0 as points,
            0 as grown_points,
            false as is_hand_raise
        from gate_moments
    ),

    -- What happened before the creation acts at the creation, if that is in the
    -- same episode.
    days as (
        select
            moments.lead_id,
            episodes.episode,
            cast(moments.moment_at as date) as score_date,
            max(moments.moment_at) as scored_at,
            max(case when moments.is_hand_raise then 1 else 0 end)
            = 1 as has_hand_raise,
            sum(greatest(moments.points, 0.0)) as positive_points
            {% for slot in slots %}
                ,
                sum(
                    case
                        when moments.slot_number = {{ slot.slot }}
                        then moments.grown_points
                    end
                ) as grown_{{ slot.slot }}
            {% endfor %}
        from moments
        inner join
            episodes
            on moments.lead_id = episodes.lead_id
            and moments.moment_at > episodes.starts_after
            and moments.moment_at <= episodes.next_starts_after
            and moments.occurred_at > episodes.starts_after
        group by moments.lead_id, episodes.episode, cast(moments.moment_at as date)
    ),

    final as (
        select
            days.lead_id,
            days.episode,
            days.score_date,
            days.scored_at,
            days.has_hand_raise,
            days.positive_points
            {% for slot in slots %}
                , sum(days.grown_{{ slot.slot }}) over history as grown_{{ slot.slot }}
            {% endfor %}
        from days
        window
            history as (
                partition by days.lead_id, days.episode
                order by days.score_date
                rows between unbounded preceding and current row
            )
    )

select *
from final
