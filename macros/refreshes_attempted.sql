{# One row: what was tried since the last complete refresh, that one included. #}
{% macro refreshes_attempted(refreshes) -%}
    select
        max(refresh_number) as refresh_number,
        max(case when is_later then as_of end) as latest_as_of,
        min(case when is_later then as_of end) as earliest_as_of,
        coalesce(max(is_later and is_full and not is_complete), false) as is_unfinished,
        count(distinct case when is_later then code_fingerprint end) as code_count,
        count(distinct case when is_later then policy_fingerprint end) as policy_count,
        max(
            case when attempt_number = 1 then policy_fingerprint end
        ) as loaded_policy_fingerprint
    from
        (
            select
                *,
                refresh_number
                >= max(case when is_complete then refresh_number else 0 end) over (
                ) as is_later,
                row_number() over (order by refresh_number desc) as attempt_number
            from {{ refreshes }}
        ) as numbered
{%- endmacro %}
