{% macro resolved_rows(staging_model) -%}
    select
        staged.*,
        identities.survivor_lead_id,
        case
            when staged.row_state = 'staged' and identities.lead_id is null
            then 'unknown_lead'
            else staged.quarantine_reason
        end as resolved_reason,
        case
            when staged.row_state = 'staged' and identities.lead_id is null
            then 'quarantined'
            else staged.row_state
        end as resolved_state
    from {{ ref(staging_model) }} as staged
    left join
        {{ ref("int_lead_identities") }} as identities
        on staged.lead_id = identities.lead_id
        and identities.survivor_lead_id is not null
{%- endmacro %}
