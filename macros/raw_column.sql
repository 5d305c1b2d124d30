{# Of a column of the contract what the table has for it; without a table there is nothing. #}
{% macro raw_column(relation, column, present) -%}
    {%- set is_needed = column.meta.is_required or column.name == "_loaded_at" -%}
    {%- if column.name in present -%} {{ column.name }}
    {%- elif present and is_needed -%}
        {%- do exceptions.raise_compiler_error(
            relation ~ " lacks the required column " ~ column.name
        ) -%}
    {%- elif present and column.name == "_landed_at" -%} _loaded_at
    {%- else -%} null
    {%- endif -%}
{%- endmacro %}
