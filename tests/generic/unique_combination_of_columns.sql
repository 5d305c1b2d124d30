{% test unique_combination_of_columns(
    model, combination_of_columns, is_normalised=false
) %}

    {% set keys = [] %}
    {% for column in combination_of_columns %}
        {% set normalised = (
            "coalesce(lower(trim(cast(" ~ column ~ " as string))), '')"
        ) %}
        {% do keys.append(normalised if is_normalised else column) %}
    {% endfor %}
    select {{ keys | join(", ") }}, count(*) as row_count
    from {{ model }}
    group by {{ keys | join(", ") }}
    having count(*) > 1 {% for key in keys %} or {{ key }} is null {% endfor %}

{% endtest %}
