{% macro refresh_number() -%} {{ this_refresh().refresh_number }} {%- endmacro %}
