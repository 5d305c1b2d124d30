{% macro slot_sums_at(moments) -%}
    {#- Whole days before the moment come summed; only its own day is read event by event. -#}
    select
        moments.lead_id,
        moments.episode,
        moments.moment_at,
        day_sums.slot_number,
        day_sums.grown_points
    from {{ moments }} as moments
    inner join
        (
            select
                days.lead_id,
                days.episode,
                days.score_date,
                rule_days.slot_number,
                sum(rule_days.grown_points) as grown_points
            from
                (
                    select lead_id, episode, cast(moment_at as date) as score_date
                    from {{ moments }}
                    group by lead_id, episode, cast(moment_at as date)
                ) as days
            inner join
                {{ ref("int_engagement_rule_days") }} as rule_days
                on days.lead_id = rule_days.lead_id
                and days.episode = rule_days.episode
                and rule_days.score_date < days.score_date
                and rule_days.rule_id is not null
            group by days.lead_id, days.episode, days.score_date, rule_days.slot_number
        ) as day_sums
        on moments.lead_id = day_sums.lead_id
        and moments.episode = day_sums.episode
        and cast(moments.moment_at as date) = day_sums.score_date
    union all
    {{ slot_sums_of_day(moments) }}
{%- endmacro %}
