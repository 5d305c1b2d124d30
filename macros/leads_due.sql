{# Leads whose opportunity was decided, or whose next episode has begun, since the last complete run. #}
{% macro leads_due(opportunities, dispositions) %}
    select lead_id
    from {{ opportunities }}
    where
        status in ('won', 'lost')
        and {{ became_due("coalesce(closed_at, updated_at, created_at)") }}
    union all
    -- The episode that it begins was not in force at that moment, and is now.
    select lead_id
    from {{ dispositions }}
    where occurred_at = cast('{{ refresh_plan().complete_as_of }}' as timestamp)
{%- endmacro %}
