{% macro seeds_fingerprint(seeds) -%}
    {{ return(adapter.dispatch("seeds_fingerprint")(seeds)) }}
{%- endmacro %}

{% macro default__seeds_fingerprint(seeds) -%}
    '{{ local_md5(seeds | sort | join(" ")) }}'
{%- endmacro %}

{# dbt's checksums change with the line ends; the plugin of profiles.yml has one that does not. #}
{% macro duckdb__seeds_fingerprint(seeds) -%}
    cast(getvariable('policy_hash') as string)
{%- endmacro %}
