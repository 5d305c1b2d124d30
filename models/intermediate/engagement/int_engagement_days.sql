{% set buckets = decay_buckets() %}
with
    rule_days as (select * from {{ ref("int_engagement_rule_days") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    parameters as (select * from {{ ref("int_engagement_parameters") }}),

    days as (
        select
            lead_id,
            episode,
            score_date,
            max(last_acts_at) as scored_at,
            max(has_hand_raise) as has_hand_raise,
            sum(positive_points) as positive_points
            {% for bucket in buckets %}
                ,
                sum(
                    case
                        when bucket_number = {{ bucket.number }} then weighted_points
                    end
                ) as weighted_{{ bucket.number }}
            {% endfor %}
        from rule_days
        group by lead_id, episode, score_date
    ),

    -- What the episode has brought until the end of the day, decayed to its last
    -- moment.
    decayed as (
        select
            days.*,
            parameters.*
            {% for bucket in buckets %}
                ,
                {{
                    bucket_points(
                        "coalesce(sum(days.weighted_%s) over history, 0e0)"
                        | format(bucket.number),
                        "days.scored_at",
                        "leads.created_at",
                        "parameters.half_life_" ~ bucket.number,
                        "parameters.cap_" ~ bucket.number,
                    )
                }} as points_{{ bucket.number }}
            {% endfor %}
        from days
        inner join leads on days.lead_id = leads.lead_id
        cross join parameters
        window
            history as (
                partition by days.lead_id, days.episode
                order by days.score_date
                rows between unbounded preceding and current row
            )
    ),

    scored as (
        select
            *,
            {{ bounded_points(buckets) }} as points,
            0e0
            {% for bucket in buckets %}
                + greatest(points_{{ bucket.number }}, 0e0)
            {% endfor %} as points_without_losses
        from decayed
    ),

    -- Until the end of the next day points only decay, unless it brings some.
    final as (
        select
            lead_id,
            episode,
            score_date,
            scored_at,
            has_hand_raise,
            round(cast({{ clamp("points", 0, 100) }} as double), 6) as engagement_score,
            positive_points + coalesce(
                lag(points_without_losses) over (
                    partition by lead_id, episode order by score_date
                ),
                0e0
            ) as highest_possible_score
        from scored
    )

select *
from final
