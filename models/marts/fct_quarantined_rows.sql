with
    raw_rows as (select * from {{ ref("int_quarantined_rows") }}),

    final as (
        select table_name, record_key, reason, loaded_at, held_back_amount, is_near_miss
        from raw_rows
    )

select *
from final
