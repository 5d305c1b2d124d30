{% test is_unique_combination(model, columns) %}

    with
        normalised as (
            select
                {% for column in columns %}
                    coalesce(
                        lower(trim(cast({{ column }} as string))), ''
                    ) as key_{{ loop.index }},
                {% endfor %} 1 as row_count
            from {{ model }}
        )

    select
        {% for column in columns %} key_{{ loop.index }}, {% endfor %}
        sum(row_count) as row_count
    from normalised
    group by
        {% for column in columns %}
            key_{{ loop.index }}{{ "," if not loop.last }}
        {% endfor %}
    having sum(row_count) > 1

{% endtest %}
