{% macro full_refresh_reason(is_partial) -%}
    case
        when {{ flags.FULL_REFRESH }}
        then 'it was asked for'
        when complete_number is null
        then 'none has been completed yet'
        {%- if not is_partial %}
            when is_unfinished
            then 'the last one was not completed'
            when {{ made_anew() | length > 0 }}
            then 'a table is missing'
            when code_fingerprint <> complete_code_fingerprint or code_count > 1
            then 'a model, a macro, a variable or the engine has changed'
            when policy_fingerprint <> complete_policy_fingerprint or policy_count > 1
            then 'the policy has changed'
            when as_of < latest_as_of or earliest_as_of < complete_as_of
            then 'as_of lies before that of an earlier run'
            when has_policy_boundary
            then 'a part of the policy takes effect or ends'
            when not is_continued
            then 'raw rows vanished, changed or landed out of order'
        {%- endif %}
    end
{%- endmacro %}
