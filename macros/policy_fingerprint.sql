{#
    Of the seeds that are in the warehouse when the models are built: those of this run,
    else those that were loaded before.
#}
{% macro policy_fingerprint(loaded_before) -%}
    {%- set parts = [] -%}
    {%- set loaded = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "seed" -%}
        {%- do parts.append(node.unique_id ~ node.checksum.checksum) -%}
        {%- if node.unique_id in selected_resources -%}
            {%- do loaded.append(node.unique_id) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if not loaded -%} coalesce({{ loaded_before }}, 'none')
    {%- else -%} '{{ local_md5(parts | sort | join(" ")) }}
        {%- if loaded | length < parts | length %} in part {%- endif -%} '
    {%- endif -%}
{%- endmacro %}
