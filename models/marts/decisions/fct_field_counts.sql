{% set lead_fields = "email first_name last_name phone job_title department company_name company_id" %}
{% set origin_fields = "country region lead_source campaign_id landing_page owner_id" %}
{% set company_fields = "domain company_name industry employee_count annual_revenue growth_rate country" %}
{% set no_source = "cast(null as string)" %}
{% set patterns = field_patterns() %}
{% set read = [
    ["leads", lead_fields ~ " " ~ origin_fields, "created_at"],
    ["companies", company_fields, "null", no_source],
    ["spend", "campaign_id category impressions clicks", "spend_date"],
    ["opportunities", "stage amount", "created_at"],
    ["dispositions", "disposition_reason rep_id", "occurred_at", no_source],
] %}
with
    leads as (select * from {{ ref("dim_leads") }} where not is_deleted),

    companies as (select * from {{ ref("dim_companies") }}),

    {% for table in ["spend", "opportunities", "dispositions"] %}
        {{ table }} as (select * from {{ ref("fct_" ~ table) }}),
    {% endfor %}

    read_values as (
        {% for table in read %}
            {{ field_values(*table, patterns=patterns) }} {{ "union all" if not loop.last }}
        {% endfor %}
    ),

    -- Few fields have bounds: the others are not read as numbers.
    judged as (
        select
            read_values.*,
            case
                when checks.field_name is null or read_values.field_value is null
                then null
                when
                    coalesce(checks.minimum, checks.maximum) is not null
                    and coalesce(
                        {{ to_number("read_values.field_value") }}
                        not between coalesce(checks.minimum, -1e308)
                        and coalesce(checks.maximum, 1e308),
                        true
                    )
                then 0
                when not read_values.has_match
                then 0
                else 1
            end as is_valid
        from read_values
        left join
            {{ ref("field_checks") }} as checks
            on read_values.table_name = lower(trim(checks.table_name))
            and read_values.field_name = lower(trim(checks.field_name))
    ),

    -- Each source has a value in one row; of all sources together it may have several.
    united as (
        {% for source, distinct in [["lead_source", ""], ["'all'", "distinct "]] %}
            {{ "union all" if not loop.first }}
            select
                table_name,
                field_name,
                {{ source }} as lead_source,
                sum(row_count) as total_count,
                sum(
                    case when field_value is not null then row_count end
                ) as filled_count,
                sum(case when is_valid is not null then row_count end) as checked_count,
                sum(row_count * is_valid) as valid_count,
                count({{ distinct }}field_value) as distinct_count,
                max(newest_at) as newest_at
            from judged
            where {{ source }} is not null
            group by table_name, field_name, {{ source }}
        {% endfor %}
    ),

    final as (
        select
            table_name,
            field_name,
            lead_source,
            cast(total_count as bigint) as total_count,
            cast(coalesce(filled_count, 0) as bigint) as filled_count,
            cast(coalesce(checked_count, 0) as bigint) as checked_count,
            cast(coalesce(valid_count, 0) as bigint) as valid_count,
            distinct_count,
            newest_at
        from united
    )

select *
from final
