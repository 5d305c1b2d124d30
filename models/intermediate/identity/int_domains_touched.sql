with
    companies as (select * from {{ ref("stg_raw__companies") }}),

    technologies as (select * from {{ ref("stg_raw__company_technologies") }}),

    signals as (select * from {{ ref("stg_raw__intent_signals") }}),

    rates as (select * from {{ ref("int_rates_touched") }}),

    domains as (select * from {{ ref("int_domains_registered") }}),

    hosts as (
        select companies.host
        from companies
        where {{ is_touched("companies") }}
        union
        select companies.host
        from companies
        inner join rates on companies.currency = rates.currency
        where
            cast(companies.updated_at as date) >= rates.first_touched_date
            -- Without a date the first rate of the currency holds.
            or (
                companies.updated_at is null
                and rates.first_touched_date = rates.first_rate_date
            )
        union
        select technologies.host
        from technologies
        where
            {{ is_touched("technologies") }}
            or {{ became_due("technologies.detected_at") }}
        union
        select signals.host
        from signals
        where signals.lead_id is null and {{ is_touched("signals") }}
    ),

    final as (
        select domains.domain
        from hosts
        inner join domains on hosts.host = domains.host
        group by domains.domain
    )

select *
from final
