{# One row: what was tried since the last complete refresh, that one included. #}
{% macro refreshes_attempted(refreshes) -%}
    select
        max(refresh_number) as refresh_number,
        max(case when refresh_number >= last_complete then as_of end) as latest_as_of,
        coalesce(
            max(case when refresh_number > last_complete then is_full end), false
        ) as is_unfinished
    from
        (
            select
                *,
                max(case when is_complete then refresh_number else 0 end) over (
                ) as last_complete
            from {{ refreshes }}
        ) as numbered
{%- endmacro %}
