{% test is_one_of(model, column_name, values) %}

    select {{ column_name }}
    from {{ model }}
    where
        coalesce(lower(trim({{ column_name }})), '')
        not in ('{{ values | join("', '") }}')

{% endtest %}
