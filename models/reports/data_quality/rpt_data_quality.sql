with
    field_counts as (select * from {{ ref("int_fields_counted") }}),

    row_counts as (select * from {{ ref("fct_row_accounting") }}),

    united as (
        select *
        from field_counts
        union all
        select
            table_name,
            'row' as field_name,
            'all' as lead_source,
            staged + quarantined as total_count,
            staged + quarantined as filled_count,
            staged + quarantined as checked_count,
            staged as valid_count,
            cast(null as bigint) as distinct_count,
            newest_loaded_at as newest_at
        from row_counts
    ),

    final as (
        select
            table_name,
            field_name,
            lead_source,
            cast(total_count as bigint) as total_count,
            cast(filled_count as double) / nullif(total_count, 0) as filled_rate,
            cast(valid_count as double) / nullif(checked_count, 0) as valid_rate,
            distinct_count,
            {{ days_between("newest_at", as_of()) }} as newest_age_days
        from united
    )

select *
from final
