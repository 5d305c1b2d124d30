{% set buckets = decay_buckets() %}
{% set groups = buckets | map(attribute="group") | unique | list %}
with
    buckets as (select * from {{ ref("int_decay_buckets") }}),

    final as (
        select
            {% for bucket in buckets %}
                max(
                    case
                        when bucket_number = {{ bucket.number }} then half_life_days
                    end
                ) as half_life_{{ bucket.number }},
                max(
                    case when bucket_number = {{ bucket.number }} then max_points end
                ) as cap_{{ bucket.number }},
            {% endfor %}
            {% for group in groups %}
                max(
                    case when group_number = {{ group }} then min_group_points end
                ) as min_{{ group }},
                max(
                    case when group_number = {{ group }} then max_group_points end
                ) as max_{{ group }},
            {% endfor %}
            count(*) as bucket_count
        from buckets
    )

select *
from final
