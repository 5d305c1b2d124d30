{% macro full_refresh_reason(is_partial) -%}
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
    end
{%- endmacro %}
