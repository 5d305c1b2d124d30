select lead_source, count(*) as variant_count
from
    (
        select lead_source, channel, is_paid
        from {{ ref("lead_source_map") }}
        union
        select lead_source, channel, is_paid
        from {{ ref("channel_rules") }}
    ) as variants
group by lead_source
having count(*) > 1
