{# One row: this run beside the last complete one and what was attempted since. #}
{% macro refreshes_compared(refreshes) -%}
    select
        coalesce(attempts.refresh_number, 0) + 1 as refresh_number,
        {{ as_of() }} as as_of,
        '{{ code_fingerprint() }}' as code_fingerprint,
        {{ policy_fingerprint("attempts.loaded_policy_fingerprint") }}
        as policy_fingerprint,
        complete.refresh_number as complete_number,
        complete.as_of as complete_as_of,
        complete.code_fingerprint as complete_code_fingerprint,
        complete.policy_fingerprint as complete_policy_fingerprint,
        attempts.latest_as_of,
        attempts.earliest_as_of,
        attempts.code_count,
        attempts.policy_count,
        attempts.is_unfinished,
        landings.is_continued,
        exists (
            select 1
            from ({{ policy_moments() }}) as moments
            where
                moments.moment_at > complete.as_of
                and moments.moment_at <= {{ as_of() }}
        ) as has_policy_boundary
    from ({{ refreshes_attempted(refreshes) }}) as attempts
    cross join
        (
            select min(case when is_continued then 1 else 0 end) = 1 as is_continued
            from {{ relation_named("ops", "landings") }}
        ) as landings
    left join
        (
            select *
            from {{ refreshes }}
            where is_complete
            order by refresh_number desc
            limit 1
        ) as complete
        on true
{%- endmacro %}
