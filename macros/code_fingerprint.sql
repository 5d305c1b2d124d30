{# Of all that decides what the models compute, apart from the rows of seeds and of the lake. #}
{% macro code_fingerprint() -%}
    {%- set parts = [
        var("reporting_currency"),
        var("allow_protected_attributes") | string,
        var("maturity_days") | string,
        var("attribution_lookback_days") | string,
        dbt_version,
        engine_fingerprint(),
    ] -%}
    {%- for node in graph.nodes.values() if node.resource_type == "model" -%}
        {%- do parts.append(
            [
                node.unique_id,
                node.checksum.checksum,
                node.contract.checksum,
                node.config.materialized,
                node.config.incremental_strategy,
            ]
            | join(" ")
        ) -%}
    {%- endfor -%}
    {{ return(local_md5(parts | sort | join(" "))) }}
{%- endmacro %}
