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
            {{ complete_refresh(refresh_plan().refresh_number, is_tested(done)) }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
