{% macro bucket_sums_of_day(moments) -%}
    select
        moments.lead_id,
        moments.episode,
        moments.moment_at,
        events.bucket_number,
        sum(events.weighted_points) as weighted_points
    from {{ moments }} as moments
    inner join
        episodes
        on moments.lead_id = episodes.lead_id
        and moments.episode = episodes.episode
    inner join
        events
        on moments.lead_id = events.lead_id
        and cast(greatest(moments.moment_at, episodes.created_at) as date)
        = cast(events.acts_at as date)
        and episodes.starts_after < events.occurred_at
        and moments.moment_at >= events.occurred_at
    group by moments.lead_id, moments.episode, moments.moment_at, events.bucket_number
{%- endmacro %}
