{#
    What the plugin does at the start of a run, in SQL of every engine: rows are only ever added to
    ops.refresh_events, and ops.refreshes is a view with a row per run.
#}
{% macro begin_without_plugin(request, chosen) -%}
    {%- do create_refreshes() -%}
    {%- set loaded, seeds = request.seeds_loaded -%}
    {%- set is_building = request.command in ["build", "run", "seed"] -%}
    {%- if not is_building or not (chosen or loaded) -%}
        {{ return({"reason": none}) }}
    {%- endif -%}
    {%- set runs = runs_since_complete(request.as_of) -%}
    {%- set last = runs | selectattr("is_complete") | list | first -%}
    {%- set policy = runs[-1].policy if runs else "none" -%}
    {%- if loaded -%}
        {%- set policy = nodes_fingerprint("seed") ~ (" in part" if loaded < seeds) -%}
    {%- endif -%}
    {%- set code = nodes_fingerprint("model") -%}
    {%- set reason = reason_to_build_all(request, runs, chosen, code, policy) -%}
    {%- do refuse_a_part(request, chosen, reason) -%}
    {%- set upon = last if last and not reason else {"number": -1} -%}
    {%- do write_refresh_event(
        "select "
        ~ (runs[-1].number + 1 if runs else 1)
        ~ ", 'begun', cast('"
        ~ request.as_of
        ~ "' as timestamp), '"
        ~ code
        ~ "', '"
        ~ policy
        ~ "', "
        ~ upon.number
        ~ ", cast('"
        ~ (upon.as_of or "0001-01-01 00:00:00")
        ~ "' as timestamp), "
        ~ (reason is not none)
        ~ ", "
        ~ ("'" ~ reason ~ "'" if reason else "null")
        ~ ", null"
    ) -%}
    {{ return({"reason": reason}) }}
{%- endmacro %}
