{% set slots = score_slots() %}
{% set groups = slots | map(attribute="group") | unique | list %}
with
    events as (select * from {{ ref("int_lead_events") }}),

    gate_moments as (select * from {{ ref("int_gate_moments") }}),

    episodes as (select * from {{ ref("int_episodes") }}),

    leads as (select * from {{ ref("int_leads_merged") }}),

    slots as (select * from {{ ref("int_engagement_slots") }}),

    -- One row with the parameters of every slot, so that they are read as data.
    parameters as (
        select
            {% for slot in slots %}
                max(
                    case when slot_number = {{ slot.slot }} then half_life_days end
                ) as half_life_{{ slot.slot }},
                max(
                    case when slot_number = {{ slot.slot }} then max_points end
                ) as cap_{{ slot.slot }},
            {% endfor %}
            {% for group in groups %}
                max(
                    case when group_number = {{ group }} then min_group_points end
                ) as min_{{ group }},
                max(
                    case when group_number = {{ group }} then max_group_points end
                ) as max_{{ group }},
            {% endfor %}
            count(*) as slot_count
        from slots
    ),

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

    cumulated as (
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
    ),

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
                    clamp(
                        "coalesce(cumulated.grown_"
                        ~ slot.slot
                        ~ ", 0) / "
                        ~ growth(
                            "cumulated.scored_at",
                            "leads.created_at",
                            "parameters.half_life_" ~ slot.slot,
                        ),
                        "-parameters.cap_" ~ slot.slot,
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
            0.0
            {% for group in groups %}
                + greatest(
                    least(
                        0.0
                        {% for slot in slots if slot.group == group %}
                            + points_{{ slot.slot }}
                        {% endfor %},
                        max_{{ group }}
                    ),
                    min_{{ group }}
                )
            {% endfor %} as points,
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
            round({{ clamp("points", 0.0, 100.0) }}, 6) as engagement_score,
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
