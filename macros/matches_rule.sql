{# Null where a bound is compared with what is no number. Two uses: leads and lead sources. #}
{% macro matches_rule(rule, element, compared) -%}
    case
        when
            {{ rule }}.comparison in ('between', 'at_least', 'at_most')
            and {{ compared }}.compared_number is null
        then null
        when {{ rule }}.comparison = 'is_missing' or {{ element }} is null
        then false
        when {{ rule }}.comparison in ('equals', 'in')
        then
            {{ compared }}.compared_value = {{ element }}
            or coalesce(
                {{ compared }}.compared_number = {{ rule }}.element_number, false
            )
        when {{ rule }}.comparison = 'contains'
        then
            replace({{ compared }}.compared_value, {{ element }}, '')
            <> {{ compared }}.compared_value
        when {{ rule }}.comparison = 'between'
        then
            {{ compared }}.compared_number
            between {{ rule }}.lower_bound and {{ rule }}.upper_bound
        when {{ rule }}.comparison = 'at_least'
        then {{ compared }}.compared_number >= {{ rule }}.element_number
        when {{ rule }}.comparison = 'at_most'
        then {{ compared }}.compared_number <= {{ rule }}.element_number
    end
{%- endmacro %}
