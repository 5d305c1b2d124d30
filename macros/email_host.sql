{% macro email_host(expression) -%}
    {{ domain_host("regexp_extract(" ~ expression ~ ", '^.+@([^@]+)$', 1)") }}
{%- endmacro %}
