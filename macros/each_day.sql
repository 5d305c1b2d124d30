{% macro each_day(first_date, last_date) -%}
    {{ adapter.dispatch("each_day")(first_date, last_date) }}
{%- endmacro %}

{% macro duckdb__each_day(first_date, last_date) -%}
    unnest(generate_series({{ first_date }}, {{ last_date }}, interval '1' day))
{%- endmacro %}

{% macro spark__each_day(first_date, last_date) -%}
    explode(sequence({{ first_date }}, {{ last_date }}, interval '1' day))
{%- endmacro %}
