with
    lead_sources as (select * from {{ ref("int_lead_sources_declared") }}),

    final as (select lead_source, channel, is_paid, raw_value_count from lead_sources)

select *
from final
