{% set slots = score_slots() %}
{% set groups = slots | map(attribute="group") | unique | list %}
with
    cumulated as (select * from {{ ref("int_engagement_day_sums") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    parameters as (select * from {{ ref("int_engagement_parameters") }}),

    decayed as (
        select
            cumulated.lead_id,
            cumulated.episode,
            cumulated.score_date,
            cumulated.scored_at,
            cumulated.has_hand_raise,
            cumulated.positive_points
            {% for slot in slots %}
                ,
                {{
                    slot_points(
                        "coalesce(cumulated.grown_" ~ slot.slot ~ ", 0.0)",
                        "cumulated.scored_at",
                        "leads.created_at",
                        "parameters.half_life_" ~ slot.slot,
                        "parameters.cap_" ~ slot.slot,
                    )
                }} as points_{{ slot.slot }}
            {% endfor %}
            {% for group in groups %}
                , parameters.min_{{ group }}, parameters.max_{{ group }}
            {% endfor %}
        from cumulated
        inner join leads on cumulated.lead_id = leads.lead_id
        cross join parameters
    ),

    -- ceiling_points bounds the score until the next day with a change point.
    scored as (
        select
            lead_id,
            episode,
            score_date,
            scored_at,
            has_hand_raise,
            positive_points,
            {{ bounded_points(slots) }} as points,
            0.0
            {% for group in groups %}
                + least(
                    0.0
                    {% for slot in slots if slot.group == group %}
                        + greatest(points_{{ slot.slot }}, 0.0)
                    {% endfor %},
                    max_{{ group }}
                )
            {% endfor %} as ceiling_points
        from decayed
    ),

    final as (
        select
            lead_id,
            episode,
            score_date,
            scored_at,
            has_hand_raise,
            round(
                cast({{ clamp("points", 0.0, 100.0) }} as double), 6
            ) as engagement_score,
            positive_points + coalesce(
                lag(ceiling_points) over (
                    partition by lead_id, episode order by score_date
                ),
                0.0
            ) as highest_possible_score
        from scored
    )

select *
from final
