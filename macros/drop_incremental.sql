{# Drops what incremental models hold, so that they start from nothing; a log of its own stays. #}
{% macro drop_incremental(models) -%}
    {%- for model in models if model.config.materialized == "incremental" -%}
        {%- set built = built_relation(model) -%}
        {%- if built is not none and model.config.full_refresh is not false -%}
            {%- do adapter.drop_relation(built) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
