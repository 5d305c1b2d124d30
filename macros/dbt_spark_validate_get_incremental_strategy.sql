{# dbt-spark's own takes no strategy but its own; dbt_spark_get_incremental_sql knows these. #}
{% macro dbt_spark_validate_get_incremental_strategy(raw_strategy, file_format) -%}
    {%- if raw_strategy not in ["append", "delete+insert", "affected_leads"] -%}
        {%- do exceptions.raise_compiler_error(
            "On Spark there is no incremental strategy " ~ raw_strategy
        ) -%}
    {%- endif -%}
    {{ return(raw_strategy) }}
{%- endmacro %}
