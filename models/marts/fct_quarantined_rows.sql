with
    raw_rows as (select * from {{ ref("int_quarantined_rows") }}),

    final as (select table_name, record_key, reason, loaded_at from raw_rows)

select *
from final
