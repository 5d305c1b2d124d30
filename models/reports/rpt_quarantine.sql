with
    quarantined_rows as (select * from {{ ref("fct_quarantined_rows") }}),

    final as (
        select table_name, reason, count(*) as row_count
        from quarantined_rows
        group by table_name, reason
    )

select *
from final
