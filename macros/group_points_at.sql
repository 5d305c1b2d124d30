{% macro group_points_at(moments) -%}
    select
        totals.lead_id,
        totals.episode,
        totals.moment_at,
        sum(
            {{
                slot_points(
                    "totals.grown_points",
                    "totals.moment_at",
                    "leads.created_at",
                    "slots.half_life_days",
                    "slots.max_points",
                )
            }}
        ) as points,
        max(slots.min_group_points) as min_points,
        max(slots.max_group_points) as max_points
    from
        (
            select
                lead_id,
                episode,
                moment_at,
                slot_number,
                sum(grown_points) as grown_points
            from ({{ slot_sums_at(moments) }}) as slot_sums
            group by lead_id, episode, moment_at, slot_number
        ) as totals
    inner join {{ ref("int_leads_merged") }} as leads on totals.lead_id = leads.lead_id
    inner join
        {{ ref("int_engagement_slots") }} as slots
        on totals.slot_number = slots.slot_number
    group by totals.lead_id, totals.episode, totals.moment_at, slots.group_number
{%- endmacro %}
