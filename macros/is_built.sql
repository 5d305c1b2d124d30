{# Whether a model is built in this run, where it is one of the whole project. #}
{% macro is_built(name) -%}
    {{ return(name not in var("unchanged_models", [])) }}
{%- endmacro %}
