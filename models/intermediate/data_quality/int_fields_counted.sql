{% set person_fields = "email first_name last_name phone job_title department company_name company_id" %}
{% set origin_fields = "country region lead_source campaign_id landing_page owner_id" %}
{% set company_fields = "domain company_name industry employee_count annual_revenue growth_rate country" %}
{% set fields = [
    ("leads", "created_at", person_fields ~ " " ~ origin_fields),
    ("companies", "null", company_fields),
    ("spend", "spend_date", "campaign_id category impressions clicks"),
    ("opportunities", "created_at", "stage amount"),
    ("dispositions", "occurred_at", "disposition_reason rep_id"),
] %}
{# In hex: so a pattern is a constant, compiled once and not per row, and runs no code. #}
{% set patterns = {} %}
{% if execute and load_relation(ref("field_checks")) is not none %}
    {% set question = "select lower(trim(table_name)) || '.' || lower(trim(field_name)), hex(pattern) from " %}
    {% for row in run_query(question ~ ref("field_checks")).rows %}
        {% do patterns.update({row[0]: row[1]}) %}
    {% endfor %}
{% endif %}
with
    leads as (select * from {{ ref("dim_leads") }} where not is_deleted),

    companies as (select *, null as lead_source from {{ ref("dim_companies") }}),

    spend as (select * from {{ ref("fct_spend") }}),

    opportunities as (select * from {{ ref("fct_opportunities") }}),

    dispositions as (select *, null as lead_source from {{ ref("fct_dispositions") }}),

    field_values as (
        {% for table, row_at, names in fields %}
            {% for field in names.split() %}
                {% set value = "cast(" ~ field ~ " as string)" %}
                {% set pattern = text_of_hex(patterns.get(table ~ "." ~ field) or "") %}
                select
                    '{{ table }}' as table_name,
                    '{{ field }}' as field_name,
                    lead_source,
                    {{ value }} as field_value,
                    regexp_extract({{ value }}, {{ pattern }}, 0) <> '' as has_match,
                    count(*) as row_count,
                    max(cast({{ row_at }} as timestamp)) as newest_at
                from {{ table }}
                group by lead_source, {{ value }} {{ "union all" if not loop.last }}
                {% endfor %} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    -- Few fields have bounds: the others are not read as numbers.
    validated as (
        select
            field_values.*,
            case
                when checks.field_name is null or field_values.field_value is null
                then null
                when checks.pattern is not null and not field_values.has_match
                then 0
                when coalesce(checks.minimum, checks.maximum) is null
                then 1
                when
                    {{ to_number("field_values.field_value") }}
                    between coalesce(checks.minimum, -1e308) and coalesce(
                        checks.maximum, 1e308
                    )
                then 1
                else 0
            end as is_valid
        from field_values
        left join
            {{ ref("field_checks") }} as checks
            on field_values.table_name = lower(trim(checks.table_name))
            and field_values.field_name = lower(trim(checks.field_name))
    ),

    -- Each source has a value in one row; of all sources together it may have several.
    final as (
        {% for source in ["lead_source", "'all'"] %}
            select
                table_name,
                field_name,
                {{ source }} as lead_source,
                sum(row_count) as total_count,
                sum(
                    case when field_value is null then 0 else row_count end
                ) as filled_count,
                sum(
                    case when is_valid is null then 0 else row_count end
                ) as checked_count,
                sum(row_count * is_valid) as valid_count,
                count(distinct field_value) as distinct_count,
                max(newest_at) as newest_at
            from validated
            where {{ source }} is not null
            group by
                table_name, field_name, {{ source }} {{ "union all" if not loop.last }}
        {% endfor %}
    )

select *
from final
