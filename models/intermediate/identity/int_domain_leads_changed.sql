with
    companies as (select * from {{ ref("stg_raw__companies") }}),

    technologies as (select * from {{ ref("stg_raw__company_technologies") }}),

    signals as (select * from {{ ref("stg_raw__intent_signals") }}),

    lead_rows as (select * from {{ ref("stg_raw__leads") }}),

    rates as (select * from {{ ref("int_rates_changed") }}),

    domains as (select * from {{ ref("int_domains_registered") }}),

    changed_hosts as (
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

    -- All hosts of their registrable domains.
    hosts as (
        select domains.host
        from changed_hosts
        inner join domains as changed on changed_hosts.host = changed.host
        inner join domains on changed.domain = domains.domain
        group by domains.host
    ),

    final as (
        select lead_rows.lead_id
        from lead_rows
        inner join hosts on lead_rows.email_host = hosts.host
        union
        select lead_rows.lead_id
        from lead_rows
        inner join hosts on lead_rows.company_host = hosts.host
    )

select *
from final
