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

    united as (
        {% for table_name in lead_tables %}
            select staged.lead_id
            from {{ ref("stg_raw__" ~ table_name) }} as staged
            where {{ changed_since_last_refresh("staged") }}
            union all
        {% endfor %}
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
