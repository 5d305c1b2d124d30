with
    accounting as (select * from {{ ref("fct_row_accounting") }}),

    quarantine as (select * from {{ ref("rpt_quarantine") }}),

    listed as (
        select table_name, sum(row_count) as row_count
        from quarantine
        group by table_name
    )

select accounting.table_name, accounting.quarantined, listed.row_count
from accounting
left join listed on accounting.table_name = listed.table_name
where accounting.quarantined <> coalesce(listed.row_count, 0)
