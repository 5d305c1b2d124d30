{# On Spark: `qualified_leads_marts` is built, `qualified_leads_released_marts` is for readers. #}
{% macro released_schema(schema) -%}
    {{ return(schema | replace(target.schema ~ "_", target.schema ~ "_released_")) }}
{%- endmacro %}
