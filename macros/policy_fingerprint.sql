{% macro policy_fingerprint() -%}
    {%- set parts = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "seed" -%}
        {%- do parts.append(node.unique_id ~ node.checksum.checksum) -%}
    {%- endfor -%}
    {{ return(local_md5(parts | sort | join(" "))) }}
{%- endmacro %}
