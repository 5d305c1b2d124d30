with
    raw_sources as (select * from {{ ref("int_raw_lead_sources") }}),

    categories as (select * from {{ ref("source_categories") }}),

    -- The slashes of an address separate nothing; google/cpc has no blanks.
    separated as (
        select
            raw_lead_source,
            case
                when raw_lead_source like '% / %' or raw_lead_source like '%://%'
                then raw_lead_source
                else replace(raw_lead_source, '/', ' / ')
            end as separated_value
        from raw_sources
        where raw_lead_source like '%/%' or raw_lead_source like '%.%'
    ),

    divided as (
        select
            raw_lead_source,
            regexp_replace(
                {{ domain_host("split_part(separated_value, ' / ', 1)") }},
                '^www[.]',
                ''
            ) as source_name,
            trim(split_part(separated_value, ' / ', 2)) as medium,
            trim(split_part(separated_value, ' / ', 3)) as campaign
        from separated
    ),

    -- Sites with a domain per country are listed by name: google.co.uk is google.
    categorised as (
        select
            divided.*,
            coalesce(sites.source_category, brands.source_category) as source_category
        from divided
        left join categories as sites on divided.source_name = sites.source
        left join
            categories as brands
            on regexp_extract(divided.source_name, '^([^.]+)[.](com?[.])?[^.]+$', 1)
            = brands.source
    ),

    final as (
        select
            raw_lead_source,
            'raw_lead_source' as attribute_name,
            raw_lead_source as attribute_value,
            null as source_category
        from raw_sources
        {% for column in ["source_name", "source_category", "medium", "campaign"] %}
            union all
            select
                raw_lead_source,
                'raw_{{ "source" if column == "source_name" else column }}'
                as attribute_name,
                {{ column }} as attribute_value,
                source_category
            from categorised
            where {{ column }} <> ''
        {% endfor %}
    )

select *
from final
