{% macro engagement_at(moments) -%}
    {#-
        The engagement score of a few moments (lead_id, episode, moment_at), from the
        events of the episode up to each of them.
    -#}
    select
        lead_id,
        episode,
        moment_at,
        round({{ clamp("sum(group_points)", 0.0, 100.0) }}, 6) as engagement_score
    from
        (
            select
                lead_id,
                episode,
                moment_at,
                score_group,
                {{
                    clamp(
                        "sum(rule_points)",
                        "max(min_group_points)",
                        "max(max_group_points)",
                    )
                }} as group_points
            from
                (
                    select
                        moments.lead_id,
                        moments.episode,
                        moments.moment_at,
                        slots.slot_number,
                        slots.score_group,
                        slots.min_group_points,
                        slots.max_group_points,
                        {{
                            clamp(
                                "coalesce(sum(events.grown_points), 0.0) / "
                                ~ growth(
                                    "moments.moment_at",
                                    "max(leads.created_at)",
                                    "max(slots.half_life_days)",
                                ),
                                "-max(slots.max_points)",
                                "max(slots.max_points)",
                            )
                        }} as rule_points
                    from {{ moments }} as moments
                    inner join
                        {{ ref("int_leads_merged") }} as leads
                        on moments.lead_id = leads.lead_id
                    inner join
                        {{ ref("int_episodes") }} as episodes
                        on moments.lead_id = episodes.lead_id
                        and moments.episode = episodes.episode
                    left join
                        {{ ref("int_lead_events") }} as events
                        on moments.lead_id = events.lead_id
                        and events.occurred_at > episodes.starts_after
                        and events.occurred_at <= moments.moment_at
                    left join
                        {{ ref("int_engagement_slots") }} as slots
                        on events.slot_number = slots.slot_number
                    group by
                        moments.lead_id,
                        moments.episode,
                        moments.moment_at,
                        slots.slot_number,
                        slots.score_group,
                        slots.min_group_points,
                        slots.max_group_points
                ) as by_rule
            group by lead_id, episode, moment_at, score_group
        ) as by_group
    group by lead_id, episode, moment_at
{%- endmacro %}
