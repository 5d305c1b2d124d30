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
        false as is_complete
    from
        (
            select
                *,
                case
                    when {{ flags.FULL_REFRESH }}
                    then 'it was asked for'
                    when complete_number is null
                    then 'none has been completed yet'
                    {%- if not is_partial %}
                        when is_unfinished
                        then 'the last one was not completed'
                        when code_fingerprint <> complete_code_fingerprint
                        then 'a model, a variable or the engine has changed'
                        when policy_fingerprint <> complete_policy_fingerprint
                        then 'the policy has changed'
                        when as_of < latest_as_of
                        then 'as_of lies before that of the last refresh'
                        when has_policy_boundary
                        then 'a part of the policy takes effect or ends'
                        when not is_continued
                        then 'raw rows vanished or landed out of order'
                    {%- endif %}
                end as reason
            from ({{ refreshes_compared(refreshes) }}) as compared
        ) as reasoned
{%- endmacro %}
