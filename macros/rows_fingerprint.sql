{% macro rows_fingerprint(alias) -%}
    {{ adapter.dispatch("rows_fingerprint")(alias) }}
{%- endmacro %}

{% macro duckdb__rows_fingerprint(alias) -%}
    concat(count(*), ' ', sum(cast(hash({{ alias }}) as hugeint)))
{%- endmacro %}

{% macro spark__rows_fingerprint(alias) -%}
    concat(count(*), ' ', sum(cast(xxhash64(struct({{ alias }}.*)) as decimal(38))))
{%- endmacro %}
