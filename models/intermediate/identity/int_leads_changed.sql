{% set lead_tables = [
    "leads",
    "lead_attributes",
    "activities",
    "intent_signals",
    "consents",
    "dispositions",
    "qualification_answers",
    "opportunities",
    "experiment_assignments",
] %}
with
    lead_rows as (select * from {{ ref("stg_raw__leads") }}),

    opportunities as (select * from {{ ref("stg_raw__opportunities") }}),

    campaigns as (select * from {{ ref("stg_raw__campaigns") }}),

    rates as (select * from {{ ref("int_rates_changed") }}),

    companies as (select * from {{ ref("stg_raw__companies") }}),

    technologies as (select * from {{ ref("stg_raw__company_technologies") }}),

    signals as (select * from {{ ref("stg_raw__intent_signals") }}),

    domains as (select * from {{ ref("int_domains_registered") }}),

    news as (
        select companies.host
        from companies
        where {{ changed_since_last_refresh("companies") }}
        union
        select technologies.host
        from technologies
        where {{ changed_since_last_refresh("technologies") }}
        union
        select signals.host
        from signals
        where signals.lead_id is null and {{ changed_since_last_refresh("signals") }}
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
    ),

    -- Every host of the domains of which something is new.
    changed_hosts as (
        select distinct domains.host
        from news
        inner join domains as named on news.host = named.host
        inner join domains on named.domain = domains.domain
    ),

    united as (
        {% for table_name in lead_tables %}
            select staged.lead_id
            from {{ ref("stg_raw__" ~ table_name) }} as staged
            where {{ changed_since_last_refresh("staged") }}
            union all
        {% endfor %}
        select lead_rows.lead_id
        from lead_rows
        inner join changed_hosts on lead_rows.email_host = changed_hosts.host
        union all
        select lead_rows.lead_id
        from lead_rows
        inner join changed_hosts on lead_rows.company_host = changed_hosts.host
        union all
        select lead_rows.lead_id
        from lead_rows
        inner join campaigns on lead_rows.campaign_id = campaigns.campaign_id
        where {{ changed_since_last_refresh("campaigns") }}
        union all
        select opportunities.lead_id
        from opportunities
        inner join rates on opportunities.currency = rates.currency
        where cast(opportunities.decided_at as date) >= rates.first_changed_date
    ),

    final as (select lead_id from united where lead_id is not null group by lead_id)

select *
from final
