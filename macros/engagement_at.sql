{% macro engagement_at(moments) -%}
    select
        lead_id,
        episode,
        moment_at,
        round(
            {{
                clamp(
                    "sum(" ~ clamp("points", "min_points", "max_points") ~ ")",
                    0,
                    100,
                )
            }},
            6
        ) as engagement_score
    from ({{ group_points_at(moments) }}) as group_points
    group by lead_id, episode, moment_at
{%- endmacro %}
