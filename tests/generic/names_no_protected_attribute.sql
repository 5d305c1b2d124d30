{% test names_no_protected_attribute(model, column_name) %}

    {% set whole_words = "ages?|aged|sex(es)?|dob|yob|wages?|salar(y|ies)" %}
    {% set word_parts = (
        "gender|birth|income|(^|[^a-z])age(group|range|band|bracket|class)"
    ) %}

    select {{ column_name }}
    from {{ model }}
    where
        not {{ "true" if var("allow_protected_attributes") else "false" }}
        and regexp_extract(
            lower({{ column_name }}),
            '(^|[^a-z])({{ whole_words }})([^a-z]|$)|{{ word_parts }}',
            0
        )
        <> ''

{% endtest %}
