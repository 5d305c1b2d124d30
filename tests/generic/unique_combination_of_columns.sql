{% test unique_combination_of_columns(
    model,
    combination_of_columns,
    is_normalised=false,
    is_kept_by_lead=false,
    is_product=false,
    turn_of=none
) %}

    {% set keys = [] %}
    {% for column in combination_of_columns %}
        {% set normalised = (
            "coalesce(lower(trim(cast(" ~ column ~ " as string))), '')"
        ) %}
        {% do keys.append(normalised if is_normalised else column) %}
    {% endfor %}
    -- Named before it is known whether it is read.
    {% set affected = (
        ref("int_leads_affected") if is_kept_by_lead or turn_of else none
    ) %}
    select {{ keys | join(", ") }}, count(*) as row_count
    from {{ model }}
    {% if is_product and not are_all_tested() %} where false
    {% elif is_kept_by_lead and not are_all_tested() %}
        where lead_id in (select survivor_lead_id from {{ affected }})
    {% elif turn_of %}
        where
            {{ is_in_turn(turn_of) }}
            or {{ turn_of }} in (select survivor_lead_id from {{ affected }})
    {% endif %}
    group by {{ keys | join(", ") }}
    having count(*) > 1 {% for key in keys %} or {{ key }} is null {% endfor %}

{% endtest %}
