{% macro group_points_at(moments) -%}
    select
        totals.lead_id,
        totals.episode,
        totals.moment_at,
        sum(
            {{
                bucket_points(
                    "totals.weighted_points",
                    "totals.moment_at",
                    "leads.created_at",
                    "buckets.half_life_days",
                    "buckets.max_points",
                )
            }}
        ) as points,
        max(buckets.min_group_points) as min_points,
        max(buckets.max_group_points) as max_points
    from
        (
            select
                lead_id,
                episode,
                moment_at,
                bucket_number,
                sum(weighted_points) as weighted_points
            from ({{ bucket_sums_at(moments) }}) as bucket_sums
            group by lead_id, episode, moment_at, bucket_number
        ) as totals
    inner join leads on totals.lead_id = leads.lead_id
    inner join buckets on totals.bucket_number = buckets.bucket_number
    group by totals.lead_id, totals.episode, totals.moment_at, buckets.group_number
{%- endmacro %}
