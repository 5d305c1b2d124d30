{% set staged_tables = [
    "leads",
    "companies",
    "lead_attributes",
    "intent_signals",
    "consents",
    "dispositions",
    "qualification_answers",
    "opportunities",
    "spend",
    "exchange_rates",
    "experiment_assignments",
] %}
with
    activities as (select * from {{ ref("stg_raw__activities") }}),

    technologies as (select * from {{ ref("int_company_technologies_resolved") }}),

    lead_rows as (select * from {{ ref("stg_raw__leads") }}),

    identities as (select * from {{ ref("int_lead_identities") }}),

    spend as (select * from {{ ref("int_spend_converted") }}),

    unplaced as (select * from {{ ref("int_lead_rows_quarantined") }}),

    -- was_staged: held back only after staging, where leads and rates are known.
    final as (
        {% for table_name in staged_tables %}
            select
                '{{ table_name }}' as table_name,
                record_key,
                quarantine_reason as reason,
                _loaded_at as loaded_at,
                false as was_staged
            from {{ ref("stg_raw__" ~ table_name) }}
            where row_state = 'quarantined'
            union all
        {% endfor %}
        select
            'activities' as table_name,
            activity_id as record_key,
            quarantine_reason as reason,
            _loaded_at as loaded_at,
            false as was_staged
        from activities
        where row_state = 'quarantined'
        union all
        select
            'company_technologies' as table_name,
            record_key,
            quarantine_reason as reason,
            _loaded_at as loaded_at,
            false as was_staged
        from technologies
        where row_state = 'quarantined'
        union all
        select
            'leads' as table_name,
            lead_rows.record_key,
            'merge_cycle' as reason,
            lead_rows._loaded_at as loaded_at,
            true as was_staged
        from lead_rows
        inner join identities on lead_rows.lead_id = identities.lead_id
        where lead_rows.row_state = 'staged' and identities.reason = 'merge_cycle'
        union all
        select
            'spend' as table_name,
            record_key,
            resolved_reason as reason,
            _loaded_at as loaded_at,
            true as was_staged
        from spend
        where row_state = 'staged' and resolved_state = 'quarantined'
        union all
        select table_name, record_key, reason, loaded_at, true as was_staged
        from unplaced
    )

select *
from final
