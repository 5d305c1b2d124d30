{% macro lowest_hash() -%}
    {{ return(adapter.dispatch("lowest_hash")()) }}
{%- endmacro %}

{% macro duckdb__lowest_hash() -%} {{ return(0) }} {%- endmacro %}

{% macro spark__lowest_hash() -%} {{ return(-(2**63)) }} {%- endmacro %}
