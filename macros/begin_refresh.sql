{#
    Before a run: the plugin of profiles.yml decides what it builds upon and writes it to
    ops.refreshes; of a run that refresh.py has begun it only checks the number. Without the plugin
    begin_without_plugin does.
#}
{% macro begin_refresh() -%}
    {%- set nodes = graph.nodes.values() | list -%}
    {%- set ours = nodes | selectattr("package_name", "equalto", "qualified_leads") -%}
    {%- set models = ours | selectattr("resource_type", "equalto", "model") | list -%}
    {%- set seeds = nodes | selectattr("resource_type", "equalto", "seed") | list -%}
    {%- set chosen = (
        models | selectattr("unique_id", "in", selected_resources) | list
    ) -%}
    {%- set loaded = (
        seeds | selectattr("unique_id", "in", selected_resources) | list
    ) -%}
    {%- set kept = chosen | selectattr(
        "config.incremental_strategy", "equalto", "affected_leads"
    ) -%}
    {%- set request = {
        "command": flags.WHICH,
        "planned_refresh": var("planned_refresh", none),
        "as_of": as_of().split("'")[1],
        "is_asked_for": flags.FULL_REFRESH
        or chosen | selectattr("config.full_refresh") | list | length > 0,
        "is_whole": chosen | length == models | length,
        "seeds_loaded": [loaded | length, seeds | length],
        "variables": code_variables(),
        "kept": kept | map(attribute="name") | list,
        "has_affected": "int_leads_affected"
        in chosen | map(attribute="name"),
    } -%}
    {%- if has_plugin() -%}
        {%- set answer = refresh_function("begin_refresh", request) -%}
    {%- else -%} {%- set answer = begin_without_plugin(request, chosen) -%}
    {%- endif -%}
    {%- if answer.reason -%}
        {%- do log("Full refresh: " ~ answer.reason, info=true) -%}
        {%- if not flags.FULL_REFRESH or target.type == "spark" -%}
            {%- do drop_incremental(chosen) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
