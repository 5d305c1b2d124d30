with
    companies as (select * from {{ ref("stg_raw__companies") }}),

    technologies as (select * from {{ ref("stg_raw__company_technologies") }}),

    signals as (select * from {{ ref("stg_raw__intent_signals") }}),

    rates as (select * from {{ ref("int_rates_changed") }}),

    domains as (select * from {{ ref("int_domains_registered") }}),

    hosts as (
        select companies.host
        from companies
        where {{ changed_since_last_refresh("companies") }}
        union
        select companies.host
        from companies
        inner join rates on companies.currency = rates.currency
        where
            cast(companies.updated_at as date) >= rates.first_changed_date
            -- Without a date the first rate of the currency holds.
            or (
                companies.updated_at is null
                and rates.first_changed_date = rates.first_rate_date
            )
        union
        select technologies.host
        from technologies
        where {{ changed_since_last_refresh("technologies") }}
        union
        select signals.host
        from signals
        where signals.lead_id is null and {{ changed_since_last_refresh("signals") }}
    ),

    final as (
        select domains.domain
        from hosts
        inner join domains on hosts.host = domains.host
        group by domains.domain
    )

select *
from final
