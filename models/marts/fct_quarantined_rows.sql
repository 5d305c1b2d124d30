{% set tables = "leads companies company_technologies lead_attributes activities" %}
{% set lead_tables = "intent_signals consents dispositions qualification_answers" %}
{% set other_tables = "exchange_rates experiment_assignments" %}
{% set all_tables = tables ~ " " ~ lead_tables ~ " " ~ other_tables %}
{# What has not the name or the key that the others have. #}
{% set models = {"company_technologies": "int_company_technologies_resolved"} %}
{% set keys = {"activities": "activity_id as record_key"} %}
with
    opportunities as (select * from {{ ref("int_opportunities_quarantined") }}),

    lead_rows as (select * from {{ ref("stg_raw__leads") }}),

    identities as (select * from {{ ref("int_lead_identities") }}),

    spend as (select * from {{ ref("int_spend_converted") }}),

    unassigned as (select * from {{ ref("int_lead_rows_quarantined") }}),

    respelled as (select * from {{ ref("int_lead_ids_respelled") }}),

    -- After staging, where leads, merges and rates are known.
    final as (
        {% for table_name in all_tables.split() %}
            select
                '{{ table_name }}' as table_name,
                {{ keys.get(table_name, "record_key") }},
                quarantine_reason as reason,
                _loaded_at as loaded_at,
                false as has_passed_staging,
                cast(null as decimal(20, 2)) as held_back_amount,
                false as is_near_miss
            from {{ ref(models.get(table_name, "stg_raw__" ~ table_name)) }}
            where row_state = 'quarantined'
            union all
        {% endfor %}
        select
            'opportunities' as table_name,
            record_key,
            reason,
            loaded_at,
            false as has_passed_staging,
            held_back_amount,
            false as is_near_miss
        from opportunities
        union all
        select
            'leads' as table_name,
            lead_rows.record_key,
            'merge_cycle' as reason,
            lead_rows._loaded_at as loaded_at,
            true as has_passed_staging,
            null as held_back_amount,
            false as is_near_miss
        from lead_rows
        inner join identities on lead_rows.lead_id = identities.lead_id
        where lead_rows.row_state = 'staged' and identities.reason = 'merge_cycle'
        union all
        select
            'spend' as table_name,
            record_key,
            resolved_reason as reason,
            _loaded_at as loaded_at,
            row_state = 'staged' as has_passed_staging,
            reporting_amount as held_back_amount,
            false as is_near_miss
        from spend
        where resolved_state = 'quarantined'
        union all
        select
            unassigned.table_name,
            unassigned.record_key,
            unassigned.reason,
            unassigned.loaded_at,
            true as has_passed_staging,
            unassigned.held_back_amount,
            unassigned.reason = 'unknown_lead'
            and respelled.lead_id is not null as is_near_miss
        from unassigned
        left join respelled on unassigned.lead_id = respelled.lead_id
    )

select *
from final
