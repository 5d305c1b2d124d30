{% set slots = score_slots() %}
with
    rule_days as (select * from {{ ref("int_engagement_rule_days") }}),

    moments as (select * from {{ ref("int_eligibility_moments") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    united as (
        select
            lead_id,
            episode,
            score_date,
            last_acts_at as moment_at,
            slot_number,
            positive_points,
            grown_points,
            has_hand_raise
        from rule_days
        union all
        select
            moments.lead_id,
            episodes.episode,
            cast(moments.moment_at as date) as score_date,
            moments.moment_at,
            null as slot_number,
            0.0 as positive_points,
            0.0 as grown_points,
            false as has_hand_raise
        from moments
        inner join
            episodes
            on moments.lead_id = episodes.lead_id
            and moments.moment_at > episodes.starts_after
            and moments.moment_at <= episodes.next_starts_after
        where not moments.is_before_creation
    ),

    days as (
        select
            lead_id,
            episode,
            score_date,
            max(moment_at) as scored_at,
            max(has_hand_raise) as has_hand_raise,
            sum(positive_points) as positive_points
            {% for slot in slots %}
                ,
                sum(
                    case when slot_number = {{ slot.slot }} then grown_points end
                ) as grown_{{ slot.slot }}
            {% endfor %}
        from united
        group by lead_id, episode, score_date
    ),

    final as (
        select
            lead_id,
            episode,
            score_date,
            scored_at,
            has_hand_raise,
            positive_points
            {% for slot in slots %}
                , sum(grown_{{ slot.slot }}) over history as grown_{{ slot.slot }}
            {% endfor %}
        from days
        window
            history as (
                partition by lead_id, episode
                order by score_date
                rows between unbounded preceding and current row
            )
    )

select *
from final
