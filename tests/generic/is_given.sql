{% test is_given(model, column_name) %}

    select {{ column_name }}
    from {{ model }}
    where {{ clean_text(column_name) }} is null

{% endtest %}
