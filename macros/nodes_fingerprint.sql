{# Of our models with variables and engine, or of the seeds: what dbt knows of their files. #}
{% macro nodes_fingerprint(kind) -%}
    {%- set texts = [] -%}
    {%- if kind == "model" -%}
        {%- set engine = [dbt_version, target.type] -%}
        {%- set texts = [engine | join(" "), code_variables() | string] -%}
    {%- endif -%}
    {%- for id, node in graph.nodes.items() if node.resource_type == kind -%}
        {%- if kind == "seed" or node.package_name == "qualified_leads" -%}
            {%- do texts.append(id ~ " " ~ node.checksum.checksum) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(local_md5(texts | sort | join(", "))) }}
{%- endmacro %}
