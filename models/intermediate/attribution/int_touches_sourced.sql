with
    touches as (select * from {{ ref("int_lead_touches") }}),

    origins as (select * from {{ ref("int_touch_origins") }}),

    final as (
        select touches.*, coalesce(origins.lead_source, 'unknown') as lead_source
        from touches
        left join origins on touches.origin = origins.origin
    )

select *
from final
