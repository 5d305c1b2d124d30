{#
    The first reason to build in full, none where there is none: refresh/decision.py in the language
    of dbt, which sees macros by the variable macros_hash alone.
#}
{% macro reason_to_build_all(request, runs, chosen, code, policy) -%}
    {%- if request.is_asked_for -%} {{ return("it was asked for") }} {%- endif -%}
    {%- set last = runs | selectattr("is_complete") | list | first -%}
    {%- if not last -%} {{ return("none has been completed yet") }} {%- endif -%}
    {%- if not request.is_whole -%} {{ return(none) }} {%- endif -%}
    {%- set missing = [] -%}
    {%- for model in chosen if model.config.materialized == "incremental" -%}
        {%- do missing.append(model.name) if not built_relation(model) -%}
    {%- endfor -%}
    {%- set reasons = [
        [
            "the last one was not completed",
            runs[1:] | selectattr("is_full") | list,
        ],
        ["a table is missing", missing],
        [
            "a model, a macro, a variable or the engine has changed",
            runs | rejectattr("code", "equalto", code) | list,
        ],
        [
            "the policy has changed",
            runs | rejectattr("policy", "equalto", policy) | list,
        ],
        [
            "as_of lies before that of an earlier run",
            runs | selectattr("is_later") | list
            or runs | map(attribute="as_of") | min < last.as_of,
        ],
        [
            "a part of the policy takes effect or ends",
            policy_boundaries(last.as_of, request.as_of),
        ],
        [
            "raw rows vanished, changed or landed out of order",
            tables_not_continued(),
        ],
    ] -%}
    {%- for reason, holds in reasons if holds -%} {{ return(reason) }} {%- endfor -%}
    {{ return(none) }}
{%- endmacro %}
