{% macro field_values(
    relation, fields, row_at, lead_source="lead_source", patterns={}
) -%}
    {%- for field in fields.split() %}
        {%- set pattern = patterns.get(relation ~ "." ~ field) %}
        select
            '{{ relation }}' as table_name,
            '{{ field }}' as field_name,
            {{ lead_source }} as lead_source,
            cast({{ field }} as string) as field_value,
            {% if pattern is none %} cast(null as boolean)
            {% else %}
                regexp_extract(
                    cast({{ field }} as string), {{ text_of_hex(pattern) }}, 0
                )
                <> ''
            {% endif %} as has_match,
            count(*) as row_count,
            max(cast({{ row_at }} as timestamp)) as newest_at
        from {{ relation }}
        group by
            {{ lead_source }},
            cast({{ field }} as string)
            {{ "union all" if not loop.last }}
    {%- endfor %}
{%- endmacro %}
