{% macro row_state() -%}
    case
        when version_rank > 1
        then 'superseded'
        when quarantine_reason = 'deleted'
        then 'deleted'
        when quarantine_reason is not null
        then 'quarantined'
        else 'staged'
    end
{%- endmacro %}
