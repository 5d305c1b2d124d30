with
    quarantined_rows as (select * from {{ ref("fct_quarantined_rows") }}),

    final as (
        select
            table_name,
            reason,
            count(*) as row_count,
            cast(sum(held_back_amount) as decimal(20, 2)) as held_back_amount,
            cast(
                sum(case when is_near_miss then 1 else 0 end) as bigint
            ) as near_miss_count
        from quarantined_rows
        group by table_name, reason
    )

select *
from final
