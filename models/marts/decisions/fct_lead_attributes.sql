with
    periods as (select * from {{ ref("int_lead_attribute_periods") }}),

    rules as (select * from {{ ref("fit_rules") }}),

    asked as (
        select lower(trim(attribute_name)) as attribute_name
        from rules
        group by lower(trim(attribute_name))
    ),

    -- What is known, not what it says: values of persons stay in dim_leads.
    final as (
        select
            periods.lead_id,
            periods.attribute_name,
            count(*) as value_count,
            max(periods.valid_from) as known_since_at
        from periods
        inner join asked on periods.attribute_name = asked.attribute_name
        where periods.valid_to = {{ end_of_time() }}
        group by periods.lead_id, periods.attribute_name
    )

select *
from final
