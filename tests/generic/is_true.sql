{% test is_true(model, condition, column_name=none) %}

    select * from {{ model }} where not coalesce(({{ condition }}), false)

{% endtest %}
