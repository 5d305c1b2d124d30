{% macro trimmed(expression) -%}
    {{ adapter.dispatch("trimmed")(expression) }}
{%- endmacro %}

{% macro default__trimmed(expression) -%} trim({{ expression }}) {%- endmacro %}

{# Spark's trim alone leaves all spaces but the one of ASCII; DuckDB takes what Unicode calls a space separator. #}
{% macro spark__trimmed(expression) -%}
    trim(
        both ' \u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A\u202F\u205F\u3000'
        from {{ expression }}
    )
{%- endmacro %}
