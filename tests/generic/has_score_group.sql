{% test has_score_group(model, column_name, to, kind) %}

    select rules.{{ column_name }}
    from {{ model }} as rules
    left join
        {{ to }} as score_groups
        on rules.{{ column_name }} = score_groups.score_group
        and lower(trim(score_groups.kind)) = '{{ kind }}'
    where score_groups.score_group is null

{% endtest %}
