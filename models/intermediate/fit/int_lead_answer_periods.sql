{% set built_in_names = (
    lead_columns() + company_columns() + ["technology", "registrable_domain"]
) %}
with
    lead_attributes as (select * from {{ ref("int_lead_attributes_resolved") }}),

    answers as (
        select
            survivor_lead_id as lead_id,
            attribute_name,
            captured_at as valid_from,
            max(attribute_value) as attribute_value
        from lead_attributes
        where
            resolved_state = 'staged'
            and attribute_name not in ({{ quoted_list(built_in_names) }})
        group by survivor_lead_id, attribute_name, captured_at
    ),

    final as (
        select
            lead_id,
            attribute_name,
            valid_from,
            coalesce(
                lead(valid_from) over (
                    partition by lead_id, attribute_name order by valid_from
                ),
                {{ end_of_time() }}
            ) as valid_to,
            attribute_value
        from answers
    )

select *
from final
