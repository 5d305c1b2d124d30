{% macro resolved_rows(staging_model) -%}
    select
        staged.*,
        affected.survivor_lead_id,
        case
            when staged.row_state = 'staged' and affected.survivor_lead_id is null
            then 'unknown_lead'
            else staged.quarantine_reason
        end as resolved_reason,
        case
            when staged.row_state = 'staged' and affected.survivor_lead_id is null
            then 'quarantined'
            else staged.row_state
        end as resolved_state
    from {{ ref(staging_model) }} as staged
    inner join
        {{ ref("int_leads_affected") }} as affected on staged.lead_id = affected.lead_id
{%- endmacro %}
