{% test is_key(model, columns, is_kept_by_lead=false, is_product=false, turn_of=none) %}

    -- Named before it is known whether it is read.
    {% set affected = (
        ref("int_leads_affected") if is_kept_by_lead or turn_of else none
    ) %}
    select {{ columns | join(", ") }}, count(*) as row_count
    from {{ model }}
    {% if not are_all_tested() and is_product %} where false
    {% elif not are_all_tested() and is_kept_by_lead %}
        where lead_id in (select survivor_lead_id from {{ affected }})
    {% elif turn_of %}
        where
            {{ is_in_turn(turn_of) }}
            or {{ turn_of }} in (select survivor_lead_id from {{ affected }})
    {% endif %}
    group by {{ columns | join(", ") }}
    having count(*) > 1 {% for column in columns %} or {{ column }} is null {% endfor %}

{% endtest %}
