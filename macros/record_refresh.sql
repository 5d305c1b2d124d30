{# After a run: it is one to build upon only if every model was built and nothing failed. #}
{% macro record_refresh() -%}
    {%- if execute and flags.WHICH in ("build", "run") -%}
        {%- set done = results | map(attribute="node.unique_id") | list -%}
        {%- set failed = (
            results
            | map(attribute="status")
            | map("string")
            | reject("in", ["success", "pass", "warn", "no-op"])
            | list
        ) -%}
        {%- if not failed and is_whole_project(done) -%}
            {%- set refreshes = relation_named("ops", "refreshes") -%}
            {%- set number = refresh_plan().refresh_number %}
            update {{ refreshes }}
            set
                is_complete = true
            where refresh_number = {{ number }}
            ;
            delete from {{ refreshes }}
            where refresh_number < {{ number }} - 1000
            ;
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
