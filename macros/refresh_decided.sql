{# The row of ops.refreshes of this run: whether it builds in full, and upon what otherwise. #}
{% macro refresh_decided(refreshes, is_partial) -%}
    select
        refresh_number,
        as_of,
        code_fingerprint,
        policy_fingerprint,
        case when reason is null then complete_number else -1 end as complete_number,
        case
            when reason is null then complete_as_of else {{ beginning_of_time() }}
        end as complete_as_of,
        reason is not null as is_full,
        reason,
        false as is_complete,
        false as is_tested
    from
        (
            select *, {{ full_refresh_reason(is_partial) }} as reason
            from ({{ refreshes_compared(refreshes) }}) as compared
        ) as reasoned
{%- endmacro %}
