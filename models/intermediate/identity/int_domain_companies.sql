with
    versions as (select * from {{ ref("int_company_versions") }}),

    boundaries as (
        select domain, valid_from as boundary_at
        from versions
        where domain is not null
        union
        select domain, valid_to as boundary_at
        from versions
        where domain is not null
    ),

    periods as (
        select
            domain,
            boundary_at as valid_from,
            lead(boundary_at) over (
                partition by domain order by boundary_at
            ) as valid_to
        from boundaries
    ),

    holders as (
        select
            versions.domain,
            versions.company_id,
            versions.industry,
            versions.employee_count,
            versions.annual_revenue,
            versions.growth_rate,
            versions.country,
            periods.valid_from,
            periods.valid_to,
            row_number() over (
                partition by versions.domain, periods.valid_from
                order by versions.company_id
            ) as holder_rank
        from periods
        inner join
            versions
            on periods.domain = versions.domain
            and periods.valid_from >= versions.valid_from
            and periods.valid_from < versions.valid_to
    ),

    final as (select * from holders where holder_rank = 1)

select *
from final
