select lead_source, count(*) as variant_count
from
    (
        select distinct lead_source, channel, is_paid from {{ ref("lead_source_map") }}
    ) as variants
group by lead_source
having count(*) > 1
