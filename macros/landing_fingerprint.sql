{# What an EL tool's table held when a run last planned to stage it; null before the first. #}
{% macro landing_fingerprint(table_name) -%}
    {%- if load_relation(relation_named("ops", "landings")) is none -%} select null
    {%- else -%}
        select max(fingerprint)
        from {{ relation_named("ops", "landings") }}
        where table_name = '{{ table_name }}'
    {%- endif -%}
{%- endmacro %}
