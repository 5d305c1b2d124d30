{% test is_key(model, columns, is_kept_by_lead=false, is_product=false) %}

    select {{ columns | join(", ") }}, count(*) as row_count
    from {{ model }}
    {% if is_product and not should_full_refresh() %} where false
    {% elif is_kept_by_lead %}
        where lead_id in (select survivor_lead_id from {{ ref("int_leads_affected") }})
    {% endif %}
    group by {{ columns | join(", ") }}
    having count(*) > 1 {% for column in columns %} or {{ column }} is null {% endfor %}

{% endtest %}
