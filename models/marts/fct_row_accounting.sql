with
    row_counts as (select * from {{ ref("int_row_counts") }}),

    final as (
        select
            table_name,
            cast(sum(row_count) as bigint) as row_count,
            cast(
                sum(case when row_state = 'staged' then row_count else 0 end) as bigint
            ) as staged,
            cast(
                sum(
                    case when row_state = 'superseded' then row_count else 0 end
                ) as bigint
            ) as superseded,
            cast(
                sum(
                    case when row_state = 'quarantined' then row_count else 0 end
                ) as bigint
            ) as quarantined,
            cast(
                sum(case when row_state = 'deleted' then row_count else 0 end) as bigint
            ) as deleted,
            max(newest_loaded_at) as newest_loaded_at
        from row_counts
        group by table_name
    )

select *
from final
