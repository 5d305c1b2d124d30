{#
    dbt's own compares how types are written, which dbt Fusion does differently for a query and for
    a table: `datetime` and `TIMESTAMP`, `decimal(18, 6)` and `DECIMAL(18,6)`.
#}
{% macro diff_column_data_types(source_columns, target_columns) -%}
    {%- set written = [] -%}
    {%- for columns in [source_columns, target_columns] -%}
        {%- set types = {} -%}
        {%- for column in columns -%}
            {%- set type = column.dtype | lower | replace(" ", "") -%}
            {%- do types.update(
                {column.name: type | replace("datetime", "timestamp")}
            ) -%}
        {%- endfor -%}
        {%- do written.append(types) -%}
    {%- endfor -%}
    {%- set changed = [] -%}
    {%- for name, type in written[0].items() if name in written[1] -%}
        {%- if type != written[1][name] -%}
            {%- do changed.append({"column_name": name, "new_type": type}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(changed) }}
{%- endmacro %}
