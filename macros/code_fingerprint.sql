{# Of all that decides what the models compute, apart from the rows of seeds and of the lake. #}
{% macro code_fingerprint() -%}
    {%- set parts = [
        var("reporting_currency"),
        var("allow_protected_attributes") | string,
        dbt_version,
        run_query("select version()").columns[0].values()[0],
    ] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "model" -%}
        {%- do parts.append(node.unique_id ~ node.checksum.checksum) -%}
    {%- endfor -%}
    {{ return(local_md5(parts | sort | join(" "))) }}
{%- endmacro %}
