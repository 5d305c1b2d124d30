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

    dispositions as (select * from {{ ref("stg_raw__dispositions") }}),

    campaigns as (select * from {{ ref("stg_raw__campaigns") }}),

    rates as (select * from {{ ref("int_rates_touched") }}),

    hosts as (select * from {{ ref("int_domains_registered") }}),

    domains as (select * from {{ ref("int_domains_touched") }}),

    touched_hosts as (
        select hosts.host from hosts inner join domains on hosts.domain = domains.domain
    ),

    decided as (
        select
            lead_id, currency, coalesce(closed_at, updated_at, created_at) as decided_at
        from opportunities
    ),

    united as (
        {% for table_name in lead_tables %}
            select staged.lead_id
            from {{ ref("stg_raw__" ~ table_name) }} as staged
            where {{ is_touched("staged") }}
            union all
        {% endfor %}
        select lead_rows.lead_id
        from lead_rows
        inner join touched_hosts on lead_rows.email_host = touched_hosts.host
        union all
        select lead_rows.lead_id
        from lead_rows
        inner join touched_hosts on lead_rows.company_host = touched_hosts.host
        union all
        select lead_rows.lead_id
        from lead_rows
        inner join campaigns on lead_rows.campaign_id = campaigns.campaign_id
        where {{ is_touched("campaigns") }}
        union all
        select decided.lead_id
        from decided
        inner join rates on decided.currency = rates.currency
        where cast(decided.decided_at as date) >= rates.first_touched_date
        union all
        {{ leads_due("opportunities", "dispositions") }}
    ),

    final as (select lead_id from united where lead_id is not null group by lead_id)

select *
from final
