with
    lead_rows as (select * from {{ ref("stg_raw__leads") }}),

    identities as (select * from {{ ref("int_lead_identities") }}),

    final as (
        select
            lead_rows.lead_id,
            lead_rows.record_key,
            lead_rows.version_at,
            lead_rows.version_rank,
            lead_rows._loaded_at,
            lead_rows._landed_at,
            case
                when
                    lead_rows.row_state = 'staged' and identities.reason = 'merge_cycle'
                then 'merge_cycle'
                else lead_rows.quarantine_reason
            end as resolved_reason,
            case
                when
                    lead_rows.row_state = 'staged' and identities.reason = 'merge_cycle'
                then 'quarantined'
                else lead_rows.row_state
            end as resolved_state
        from lead_rows
        left join identities on lead_rows.lead_id = identities.lead_id
    )

select *
from final
