{#
    Of the seeds that are in the warehouse when the models are built: those of this run,
    else those that were loaded before.
#}
{% macro policy_fingerprint(loaded_before) -%}
    {%- set seeds = [] -%}
    {%- set loaded = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "seed" -%}
        {%- do seeds.append(node.unique_id ~ node.checksum.checksum) -%}
        {%- if node.unique_id in selected_resources -%}
            {%- do loaded.append(node.unique_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not loaded -%} coalesce({{ loaded_before }}, 'none')
    {%- else -%}
        concat(
            {{ seeds_fingerprint(seeds) }}
            {%- if loaded | length < seeds | length %}, ' in part'
            {%- endif %}
        )
    {%- endif -%}
{%- endmacro %}
