{% macro refresh_number() -%} {{ refresh_plan().refresh_number }} {%- endmacro %}
