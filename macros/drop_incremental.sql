{#
    Drops what incremental models hold, so that they start from nothing; a log of its own stays. On Spark
    dbt is told so alone: it replaces the table then, whose released snapshots are still read.
#}
{% macro drop_incremental(models) -%}
    {%- for model in models if model.config.materialized == "incremental" -%}
        {%- set built = built_relation(model) -%}
        {%- if built is not none and model.config.full_refresh is not false -%}
            {%- if target.type == "spark" -%} {%- do adapter.cache_dropped(built) -%}
            {%- else -%} {%- do adapter.drop_relation(built) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
