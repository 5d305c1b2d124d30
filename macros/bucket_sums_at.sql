{% macro bucket_sums_at(moments) -%}
    {#- Whole days before the moment come summed; only its own day is read event by event. -#}
    select
        moments.lead_id,
        moments.episode,
        moments.moment_at,
        day_sums.bucket_number,
        day_sums.weighted_points
    from {{ moments }} as moments
    inner join
        (
            select
                days.lead_id,
                days.episode,
                days.score_date,
                rule_days.bucket_number,
                sum(rule_days.weighted_points) as weighted_points
            from
                (
                    select lead_id, episode, cast(moment_at as date) as score_date
                    from {{ moments }}
                    group by lead_id, episode, cast(moment_at as date)
                ) as days
            inner join
                rule_days
                on days.lead_id = rule_days.lead_id
                and days.episode = rule_days.episode
                and rule_days.score_date < days.score_date
                and rule_days.rule_id is not null
            group by
                days.lead_id, days.episode, days.score_date, rule_days.bucket_number
        ) as day_sums
        on moments.lead_id = day_sums.lead_id
        and moments.episode = day_sums.episode
        and cast(moments.moment_at as date) = day_sums.score_date
    union all
    {{ bucket_sums_of_day(moments) }}
{%- endmacro %}
