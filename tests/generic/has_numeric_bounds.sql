{% test has_numeric_bounds(model, column_name) %}

    with
        rules as (
            select
                {{ clean_text(column_name) }} as bounds,
                lower(trim(comparison)) as comparison
            from {{ model }}
        ),

        parsed as (
            select
                bounds,
                comparison,
                {{ to_number("bounds") }} as bound,
                {{ to_number("split_part(bounds, '|', 1)") }} as lower_bound,
                {{ to_number("split_part(bounds, '|', 2)") }} as upper_bound,
                length(bounds) - length(replace(bounds, '|', '')) as separator_count
            from rules
            where bounds is not null
        )

    select *
    from parsed
    where
        (comparison in ('at_least', 'at_most') and bound is null)
        or (
            comparison = 'between'
            and (separator_count <> 1 or lower_bound is null or upper_bound is null)
        )

{% endtest %}
