{# All raw rows; in an incremental run those that landed since the last one of this model. #}
{% macro landed_rows(table_name) -%}
    {%- if is_incremental() -%}
        (select * from {{ raw_rows(table_name) }} where {{ landed_since(table_name) }})
    {%- else -%} {{ raw_rows(table_name) }}
    {%- endif -%}
{%- endmacro %}
