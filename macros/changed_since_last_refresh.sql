{#
    Whether a row was written after the last complete refresh. Staging writes again what landed, the
    other rows of its key, and what took effect in between.
#}
{% macro changed_since_last_refresh(alias) -%}
    {{ alias }}.refresh_number > {{ this_refresh().complete_number }}
{%- endmacro %}
