{% macro end_of_time() -%} cast('9999-12-31' as timestamp) {%- endmacro %}
