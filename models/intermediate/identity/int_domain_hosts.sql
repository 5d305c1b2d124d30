with
    leads as (select * from {{ ref("stg_raw__leads") }}),

    companies as (select * from {{ ref("stg_raw__companies") }}),

    technologies as (select * from {{ ref("stg_raw__company_technologies") }}),

    intent_signals as (select * from {{ ref("stg_raw__intent_signals") }}),

    free_email_domains as (select * from {{ ref("free_email_domains") }}),

    disposable_email_domains as (select * from {{ ref("disposable_email_domains") }}),

    rules as (select * from {{ ref("int_rules_parsed") }}),

    sightings as (
        select leads.email_host as host, 'seen' as list_name
        from leads
        where {{ changed_since_last_refresh("leads") }}
        union all
        select leads.company_host as host, 'seen' as list_name
        from leads
        where {{ changed_since_last_refresh("leads") }}
        union all
        select companies.host, 'seen' as list_name
        from companies
        where {{ changed_since_last_refresh("companies") }}
        union all
        select technologies.host, 'seen' as list_name
        from technologies
        where {{ changed_since_last_refresh("technologies") }}
        union all
        select intent_signals.host, 'seen' as list_name
        from intent_signals
        where {{ changed_since_last_refresh("intent_signals") }}
        union all
        select rules.host, 'seen' as list_name
        from rules
        union all
        select {{ domain_host("domain") }} as host, 'free' as list_name
        from free_email_domains
        union all
        select {{ domain_host("domain") }} as host, 'disposable' as list_name
        from disposable_email_domains
    ),

    final as (
        select host, list_name
        from sightings
        where host is not null
        group by host, list_name
    )

select *
from final
