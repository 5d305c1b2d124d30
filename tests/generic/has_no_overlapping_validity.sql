{% test has_no_overlapping_validity(model, columns) %}

    with
        rules as (
            select
                concat_ws(
                    '|'
                    {%- for column in columns %}
                        ,
                        replace(
                            coalesce(lower(trim(cast({{ column }} as string))), ''),
                            '|',
                            '||'
                        )
                    {%- endfor %}
                ) as rule_key,
                coalesce(valid_from, {{ beginning_of_time() }}) as valid_from,
                coalesce(valid_to, {{ end_of_time() }}) as valid_to
            from {{ model }}
        ),

        compared as (
            select
                rule_key,
                valid_from,
                valid_to,
                max(valid_to) over (
                    partition by rule_key
                    order by valid_from, valid_to
                    rows between unbounded preceding and 1 preceding
                ) as latest_valid_to_before
            from rules
            where valid_from < valid_to
        )

    select *
    from compared
    where valid_from < latest_valid_to_before

{% endtest %}
