with
    company_rows as (select * from {{ ref("stg_raw__companies") }}),

    domains as (select * from {{ ref("int_domains_registered") }}),

    rates as (select * from {{ ref("int_exchange_rate_periods") }}),

    versions as (
        select
            *,
            row_number() over (
                partition by company_id order by version_at
            ) as version_number,
            lead(version_at) over (
                partition by company_id order by version_at
            ) as next_version_at
        from company_rows
        where row_state = 'staged'
    ),

    final as (
        select
            versions.company_id,
            domains.domain,
            versions.version_number,
            versions.version_at,
            case
                when versions.version_number = 1
                then {{ beginning_of_time() }}
                else versions.version_at
            end as valid_from,
            coalesce(versions.next_version_at, {{ end_of_time() }}) as valid_to,
            versions.company_name,
            versions.industry,
            versions.employee_count,
            versions.growth_rate,
            versions.country,
            cast(
                round(
                    versions.annual_revenue
                    * {{ applied_rate("versions.currency", "rates.rate_to_reporting") }},
                    2
                ) as decimal(20, 2)
            ) as annual_revenue
        from versions
        left join domains on versions.host = domains.host
        left join
            rates
            on versions.currency = rates.currency
            and (
                (versions.updated_at is null and rates.rate_number = 1)
                or (
                    cast(versions.updated_at as date) >= rates.valid_from
                    and cast(versions.updated_at as date) < rates.valid_to
                )
            )
    )

select *
from final
