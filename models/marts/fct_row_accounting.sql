with
    row_counts as (select * from {{ ref("int_row_counts") }}),

    final as (
        select
            table_name,
            sum(row_count) as row_count,
            sum(case when row_state = 'staged' then row_count else 0 end) as staged,
            sum(
                case when row_state = 'superseded' then row_count else 0 end
            ) as superseded,
            sum(
                case when row_state = 'quarantined' then row_count else 0 end
            ) as quarantined
        from row_counts
        group by table_name
    )

select *
from final
