{# After a run: it is one to build upon only if every model was built and nothing failed. #}
{% macro end_refresh() -%}
    {%- set done = results | map(attribute="node.unique_id") | list -%}
    {%- set failed = (
        results
        | map(attribute="status")
        | map("string")
        | reject("in", ["success", "pass", "warn", "no-op"])
        | list
    ) -%}
    {%- set left_out = (
        graph.nodes.values()
        | selectattr("package_name", "equalto", "qualified_leads")
        | rejectattr("unique_id", "in", done)
        | map(attribute="resource_type")
        | list
    ) -%}
    {#- What refresh.py leaves out has not changed. -#}
    {%- set is_planned = var("planned_refresh", none) is not none -%}
    {%- set is_whole = is_planned or "model" not in left_out -%}
    {%- if flags.WHICH in ("build", "run") and not failed and is_whole -%}
        {%- set is_tested = is_planned or "test" not in left_out -%}
        {%- if has_plugin() -%}
            {%- do refresh_function("end_refresh", {"is_tested": is_tested}) -%}
        {%- else -%}
            {%- do write_refresh_event(
                "select "
                ~ refresh_number()
                ~ ", 'complete', null, null, null, null, null, null, null, "
                ~ is_tested
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
